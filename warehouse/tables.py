"""Every table that Pricescope owns, as SQLAlchemy Core metadata. The one place a column is defined.

Schemas: ``raw`` pages as they came, ``core`` what was read from them, ``app`` what users ask and are told, ``ml`` what
models make of it, ``ops`` how runs went. ``marts`` belongs to dbt. Migrations in ``warehouse/migrations`` bring a
database to this state.

``core.listings`` is a view of two of them: what a thing is (``core.listing_details``, wide, seldom written) and what it
is asked for (``core.listing_state``, narrow, written at every check).

Money in ``core.listing_state`` and ``app`` is exact numeric beside its currency; ``price_history`` holds minor units to
stay narrow. All times are timestamptz, UTC. Partitioned tables are created by the migration (monthly, by range);
their definitions here carry ``postgresql_partition_by``.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

SCHEMAS = ("raw", "core", "app", "ml", "ops", "marts")


class HalfVector(UserDefinedType[object]):
    """pgvector's ``halfvec``: half-precision numbers, two bytes each. Without a dimension, each row has its own."""

    cache_ok = True

    def __init__(self, dimensions: int | None = None) -> None:
        self.dimensions = dimensions

    def get_col_spec(self, **_: object) -> str:
        """Return the type as PostgreSQL writes it."""
        return "HALFVEC" if self.dimensions is None else f"HALFVEC({self.dimensions})"


# So that the comparison of a database with these tables knows the type.
ischema_names["halfvec"] = HalfVector

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _now() -> Column[object]:
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


# ---------------------------------------------------------------- raw

pages = Table(
    "pages",
    metadata,
    Column("page_id", BigInteger, Identity(), nullable=False),
    Column("fetched_at", DateTime(timezone=True), nullable=False),
    Column("source", Text, nullable=False),
    Column("day", Date, nullable=False, comment="partition day (UTC) of fetched_at"),
    Column("watch_id", BigInteger, comment="not a foreign key: pages outlive watches"),
    Column("url", Text, nullable=False),
    Column("page_number", SmallInteger),
    Column("status", SmallInteger, nullable=False),
    Column("content_type", Text, nullable=False, server_default=""),
    Column("duration_ms", Integer),
    Column("origin", Text, nullable=False, server_default="fetch", comment="fetch, import or sandbox"),
    Column("run_id", Text, comment="Dagster run that stored it"),
    Column("sha256", LargeBinary, nullable=False, comment="of the uncompressed body"),
    Column("body_bytes", Integer, nullable=False, comment="size of the uncompressed body"),
    Column("body", LargeBinary, nullable=False, comment="zstd; storage external"),
    PrimaryKeyConstraint("page_id", "fetched_at"),
    # The same bytes of the same address at the same time are the same page: an import or a replay twice adds nothing.
    # The address by its digest: a long one would not fit an index entry.
    Index("uq_pages_identity", "source", "sha256", "fetched_at", func.md5(literal_column("url")), unique=True),
    Index("ix_pages_source_day", "source", "day", "page_id"),
    Index("ix_pages_watch", "watch_id", "fetched_at"),
    # Days of every source: the marts' look-back.
    Index("ix_pages_fetched_at", "fetched_at", postgresql_using="brin"),
    CheckConstraint("origin in ('fetch', 'import', 'sandbox')", name="origin"),
    schema="raw",
    postgresql_partition_by="RANGE (fetched_at)",
)

# ---------------------------------------------------------------- core

sellers = Table(
    "sellers",
    metadata,
    Column("seller_id", BigInteger, Identity(), primary_key=True),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("login", Text),
    Column("is_business", Boolean),
    Column("first_seen_at", DateTime(timezone=True), nullable=False),
    Column("last_seen_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("source", "external_id"),
    schema="core",
)

# The wide part of a listing: nothing here changes with its price, so that a new price writes no kilobytes.
listing_details = Table(
    "listing_details",
    metadata,
    Column("listing_id", BigInteger, Identity(), primary_key=True),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text),
    Column("brand", Text),
    Column("size", Text),
    Column("color", Text),
    Column("category", Text),
    Column("condition", Text, nullable=False),
    Column("condition_label", Text),
    Column("condition_source_id", Text),
    Column("image_urls", ARRAY(Text), nullable=False, server_default="{}"),
    Column("seller_id", BigInteger, ForeignKey("core.sellers.seller_id")),
    Column("listed_at", DateTime(timezone=True)),
    Column("first_seen_at", DateTime(timezone=True), nullable=False),
    Column(
        "carried",
        ARRAY(Text),
        nullable=False,
        server_default="{}",
        comment="fields that the newest page did not say: kept from an older one",
    ),
    Column("price_kind", Text, nullable=False, server_default="price", comment="see domain.price_kind"),
    Column("kind", Text, nullable=False, server_default="normal", comment="see domain.listing_kind"),
    Column("kind_reason", Text, comment="a sentence for the owner"),
    Column("kind_version", Text, comment="of the word lists that told the kind; null: not told yet"),
    Column("sku", Text),
    Column("gtin", Text, comment="as the page says it"),
    Column("group_id", Text, comment="the card or variation group that this is one variant of"),
    Column("country", Text, comment="ISO 3166 alpha-2 of where the thing is"),
    Column("ends_at", DateTime(timezone=True)),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    # The id rides along, so that a check finds it without touching the wide row.
    UniqueConstraint("source", "external_id", postgresql_include=["listing_id"]),
    Index("ix_listing_details_condition_listed_at", "condition", "listed_at"),
    Index("ix_listing_details_seller", "seller_id"),
    # Few listings say one, and products are matched by it.
    Index("ix_listing_details_gtin", "gtin", postgresql_where=text("gtin is not null")),
    schema="core",
)

# Narrow and updated on every check, so that the wide row above is not; half of each page stays free for these updates.
listing_state = Table(
    "listing_state",
    metadata,
    Column(
        "listing_id", BigInteger, ForeignKey("core.listing_details.listing_id", ondelete="CASCADE"), primary_key=True
    ),
    Column("content_hash", LargeBinary, nullable=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("total_minor", BigInteger),
    Column("currency", Text, nullable=False),
    Column("availability", Text, nullable=False),
    Column("favourite_count", Integer),
    Column("view_count", Integer),
    Column("last_seen_at", DateTime(timezone=True), nullable=False),
    Column("last_page_id", BigInteger, nullable=False),
    Column("checks", Integer, nullable=False, server_default="1"),
    Column("price_changed_at", DateTime(timezone=True), nullable=False),
    Column(
        "is_active",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="false: sold, gone, or last seen without a price",
    ),
    Column("quantity", Integer, comment="pieces in stock where a page said so"),
    Column(
        "has_carried",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="core.listing_details.carried is not empty",
    ),
    Column("shown_page_id", BigInteger, nullable=False, comment="raw page of the newest change to what is shown"),
    Column("last_changed_at", DateTime(timezone=True), nullable=False),
    Column("price", Numeric(18, 4), nullable=False),
    Column("fee", Numeric(18, 4)),
    Column("total_price", Numeric(18, 4), comment="what the buyer pays, fees included, shipping not"),
    Column("original_price", Numeric(18, 4)),
    Column("original_currency", Text),
    Column("list_price", Numeric(18, 4), comment="struck through or recommended, same currency"),
    Column("shipping_price", Numeric(18, 4), comment="cheapest delivery; 0 is free, null is unknown"),
    CheckConstraint("price >= 0", name="price_not_negative"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_iso"),
    schema="core",
    # No index but the key, so that a new price is written in its page alone (HOT).
    postgresql_with={"fillfactor": 50},
)

# Partitioned; created by the migration with INCLUDE columns and BRIN. A row on each change and once a day (heartbeat).
price_history = Table(
    "price_history",
    metadata,
    Column("listing_id", BigInteger, nullable=False),
    Column("observed_at", DateTime(timezone=True), nullable=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("total_minor", BigInteger),
    Column("currency", Text, nullable=False),
    Column("availability", Text, nullable=False),
    # One covering index answers a listing's history; the BRIN index serves scans of a day and retention.
    PrimaryKeyConstraint(
        "listing_id", "observed_at", postgresql_include=["price_minor", "total_minor", "currency", "availability"]
    ),
    Index("ix_price_history_observed_at", "observed_at", postgresql_using="brin"),
    schema="core",
    postgresql_partition_by="RANGE (observed_at)",
)

# What compaction keeps of the heartbeats that it removes from a closed month (warehouse.compaction).
price_history_months = Table(
    "price_history_months",
    metadata,
    Column("listing_id", BigInteger, nullable=False),
    Column("month", Date, nullable=False, comment="first of the UTC month"),
    Column("days", Integer, nullable=False, comment="bit n set: observed on day n + 1 of the month"),
    Column("checks", Integer, nullable=False, comment="pages that showed it in the month"),
    PrimaryKeyConstraint("listing_id", "month"),
    schema="core",
)

# Months once more, for reading: the truth is price_history (warehouse.closing).
price_history_packed = Table(
    "price_history_packed",
    metadata,
    Column("listing_id", BigInteger, nullable=False),
    Column("month", Date, nullable=False, comment="first of the UTC month"),
    Column("currency", Text, nullable=False),
    Column("availability", Text, nullable=False),
    Column("observed_at", ARRAY(DateTime(timezone=True)), nullable=False, comment="oldest first"),
    Column(
        "payable_minor",
        ARRAY(BigInteger),
        nullable=False,
        comment="total_minor, or price_minor where it is not known; for each observed_at",
    ),
    PrimaryKeyConstraint("listing_id", "month", "currency", "availability"),
    schema="core",
)

# Where a source tells its stock: a row at each change, without a heartbeat.
stock_history = Table(
    "stock_history",
    metadata,
    Column("listing_id", BigInteger, nullable=False),
    Column("observed_at", DateTime(timezone=True), nullable=False),
    Column("quantity", Integer, nullable=False),
    PrimaryKeyConstraint("listing_id", "observed_at", postgresql_include=["quantity"]),
    Index("ix_stock_history_observed_at", "observed_at", postgresql_using="brin"),
    schema="core",
)

# Listings that a watch's complete runs no longer show, though they reached their place (domain.absence).
listing_absences = Table(
    "listing_absences",
    metadata,
    Column("watch_id", BigInteger, ForeignKey("app.watches.watch_id", ondelete="CASCADE"), nullable=False),
    Column("listing_id", BigInteger, ForeignKey("core.listing_details.listing_id", ondelete="CASCADE"), nullable=False),
    Column("missing_since", DateTime(timezone=True), nullable=False, comment="first run that missed it"),
    Column("last_missed_at", DateTime(timezone=True), nullable=False),
    Column("missed", Integer, nullable=False, comment="complete runs in a row that reached its place"),
    Column(
        "successors",
        ARRAY(BigInteger),
        nullable=False,
        comment="listings shown after it when it was last seen: where one of them is shown, its place was reached",
    ),
    Column("gone_at", DateTime(timezone=True), comment="missing_since, once it counts as gone"),
    Column("confidence", Double, comment="that it is gone, 0 to 1"),
    Column("returned_at", DateTime(timezone=True), comment="seen again after all"),
    PrimaryKeyConstraint("watch_id", "listing_id"),
    Index("ix_listing_absences_listing", "listing_id"),
    schema="core",
)

# A lot of public procurement; what it cost is in its items, and each priced item is a listing, too.
lots = Table(
    "lots",
    metadata,
    Column("lot_id", BigInteger, Identity(), primary_key=True),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("lot_type", Text, nullable=False, comment="auction, shop, national or tender"),
    Column("status", Text, nullable=False, comment="open, completed or not_completed"),
    Column("url", Text, nullable=False),
    Column("title", Text),
    Column("display_number", Text),
    Column("category", Text),
    Column("region", Text),
    Column("customer_id", Text),
    Column("customer_name", Text),
    Column("provider_id", Text),
    Column("provider_name", Text),
    Column("start_price", Numeric(24, 4), comment="of the whole lot"),
    Column("deal_price", Numeric(24, 4), comment="of the whole lot; null until it is closed"),
    Column("currency", Text),
    Column("bidders", Integer),
    Column("is_budget", Boolean),
    Column("starts_at", DateTime(timezone=True)),
    Column("ends_at", DateTime(timezone=True)),
    Column("deal_at", DateTime(timezone=True)),
    Column("first_seen_at", DateTime(timezone=True), nullable=False),
    Column("last_seen_at", DateTime(timezone=True), nullable=False),
    Column("last_page_id", BigInteger, nullable=False, comment="raw page of the values shown here"),
    UniqueConstraint("source", "lot_type", "external_id"),
    Index("ix_lots_deal_at", "deal_at"),
    schema="core",
)

lot_items = Table(
    "lot_items",
    metadata,
    Column("lot_id", BigInteger, ForeignKey("core.lots.lot_id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False, comment="1-based position within the lot"),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("quantity", Numeric(24, 6)),
    Column("unit", Text),
    Column("unit_price", Numeric(24, 4), comment="for one unit"),
    Column("cost", Numeric(24, 4)),
    Column("currency", Text, comment="null: the lot's"),
    Column("country", Text),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    PrimaryKeyConstraint("lot_id", "number"),
    schema="core",
)

fx_rates = Table(
    "fx_rates",
    metadata,
    Column("day", Date, nullable=False),
    Column("currency", Text, nullable=False),
    Column("base_currency", Text, nullable=False),
    Column("rate", Numeric(24, 12), nullable=False, comment="units of base_currency for one unit of currency"),
    Column("provider", Text, nullable=False),
    PrimaryKeyConstraint("day", "currency", "base_currency"),
    # The latest rate of a pair up to a day is one step along it.
    Index("ix_fx_rates_currency_day", "currency", "day"),
    CheckConstraint("rate > 0", name="rate_positive"),
    schema="core",
)

# ---------------------------------------------------------------- app

watches = Table(
    "watches",
    metadata,
    Column("watch_id", BigInteger, Identity(), primary_key=True),
    Column("owner", Text, nullable=False, server_default="owner"),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("rules", ARRAY(Text), nullable=False),
    Column("max_price", Numeric(18, 4)),
    Column("sigma_k", Numeric(6, 3), nullable=False, server_default="1.5"),
    Column("robust_z", Numeric(6, 3), nullable=False, server_default="2.0"),
    Column("min_comparables", Integer, nullable=False, server_default="8"),
    Column(
        "false_alarms_per_1000",
        Numeric(6, 3),
        nullable=False,
        server_default="5",
        comment="of new listings, accepted by the model rule",
    ),
    Column("blacklist", ARRAY(Text), nullable=False, server_default="{}"),
    Column("highlight", ARRAY(Text), nullable=False, server_default="{}"),
    Column("pages_per_poll", SmallInteger),
    Column("check_every_minutes", Integer, comment="interval its owner asks for; null: planned, see ops.watch_cadence"),
    Column("channels", ARRAY(Text), nullable=False, server_default="{}"),
    Column(
        "seller_countries", ARRAY(Text), nullable=False, server_default="{}", comment="ISO 3166 alpha-2; empty: any"
    ),
    Column("excluded_sellers", ARRAY(Text), nullable=False, server_default="{}", comment="ids or logins"),
    Column("personal_sellers_only", Boolean, nullable=False, server_default=text("false")),
    Column("kinds", ARRAY(Text), nullable=False, server_default="{normal}", comment="see domain.listing_kind"),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    Column("is_probe", Boolean, nullable=False, server_default=text("false")),
    _now(),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("first_judged_at", DateTime(timezone=True), comment="end of the first run; null until then"),
    UniqueConstraint("owner", "name"),
    schema="app",
)

watch_listings = Table(
    "watch_listings",
    metadata,
    Column("watch_id", BigInteger, ForeignKey("app.watches.watch_id", ondelete="CASCADE"), nullable=False),
    Column("listing_id", BigInteger, ForeignKey("core.listing_details.listing_id", ondelete="CASCADE"), nullable=False),
    Column("first_seen_at", DateTime(timezone=True), nullable=False),
    Column("last_seen_at", DateTime(timezone=True), nullable=False),
    Column(
        "is_blacklisted",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="by its words or its seller: left out of alerts and statistics",
    ),
    Column("is_initial", Boolean, nullable=False, comment="found by the watch's first run: reported, not alerted"),
    Column("judged_total_minor", BigInteger, comment="payable price at the last verdict; null: never judged"),
    Column("judged_baseline_at", DateTime(timezone=True), comment="computed_at of the statistics of that verdict"),
    Column("judged_at", DateTime(timezone=True)),
    Column("verdict", Text),
    PrimaryKeyConstraint("watch_id", "listing_id"),
    Index("ix_watch_listings_listing", "listing_id"),
    schema="app",
    postgresql_with={"fillfactor": 70},
)

products = Table(
    "products",
    metadata,
    Column("product_id", BigInteger, Identity(), primary_key=True),
    Column("sku", Text, nullable=False, unique=True, comment="the owner's own article number"),
    Column("name", Text, nullable=False),
    Column("gtin", Text, comment="as domain.gtin writes it"),
    Column("brand", Text),
    Column("category", Text),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    _now(),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_products_gtin", "gtin", postgresql_where=text("gtin is not null")),
    schema="core",
)

product_sources = Table(
    "product_sources",
    metadata,
    Column("product_source_id", BigInteger, Identity(), primary_key=True),
    Column("product_id", BigInteger, ForeignKey("core.products.product_id", ondelete="CASCADE"), nullable=False),
    Column("source", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("external_id", Text, comment="the source's id of the offer, where it is known"),
    Column("listing_id", BigInteger, ForeignKey("core.listing_details.listing_id", ondelete="SET NULL")),
    Column("watch_id", BigInteger, ForeignKey("app.watches.watch_id", ondelete="SET NULL")),
    Column("matched_by", Text, nullable=False, comment="gtin or link"),
    Column("state", Text, nullable=False, server_default="approved"),
    _now(),
    # One offer of a product is known once, whatever way it was found.
    UniqueConstraint("product_id", "source", "url"),
    Index("ix_product_sources_listing", "listing_id"),
    Index("ix_product_sources_watch", "watch_id"),
    CheckConstraint("matched_by in ('gtin', 'link')", name="matched_by"),
    CheckConstraint("state in ('approved', 'proposed', 'rejected')", name="state"),
    schema="core",
)

hidden = Table(
    "hidden",
    metadata,
    Column("owner", Text, nullable=False),
    Column("listing_id", BigInteger, ForeignKey("core.listing_details.listing_id", ondelete="CASCADE"), nullable=False),
    Column("hidden_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("owner", "listing_id"),
    schema="app",
)

deals = Table(
    "deals",
    metadata,
    Column("deal_id", BigInteger, Identity(), primary_key=True),
    Column("watch_id", BigInteger, ForeignKey("app.watches.watch_id", ondelete="CASCADE"), nullable=False),
    Column("listing_id", BigInteger, ForeignKey("core.listing_details.listing_id", ondelete="CASCADE"), nullable=False),
    Column("rule", Text, nullable=False, comment="the rule that decided; evidence holds every rule's verdict"),
    Column("total_minor", BigInteger, nullable=False),
    Column("price", Numeric(18, 4), nullable=False, comment="payable price, major units"),
    Column("currency", Text, nullable=False),
    Column("expected", Numeric(18, 4)),
    Column("difference", Numeric(18, 4)),
    Column("discount_percent", Numeric(7, 2)),
    Column("sigma_below", Numeric(10, 3)),
    Column("n_comparables", Integer, nullable=False, server_default="0"),
    Column("evidence", JSONB, nullable=False, comment="list of verdicts, see domain.deal.Verdict"),
    Column("is_initial", Boolean, nullable=False),
    Column("page_id", BigInteger, nullable=False, comment="raw page the price was read from"),
    Column("run_id", Text),
    _now(),
    # Once per watch, listing and price: a baseline that wobbles round a threshold cannot alert again, a new low can.
    UniqueConstraint("watch_id", "listing_id", "currency", "total_minor"),
    Index("ix_deals_created", "created_at"),
    schema="app",
)

notifications = Table(
    "notifications",
    metadata,
    Column("notification_id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False, comment="deal, report, prices or test"),
    Column("deal_id", BigInteger, ForeignKey("app.deals.deal_id", ondelete="CASCADE")),
    Column("watch_id", BigInteger, ForeignKey("app.watches.watch_id", ondelete="CASCADE")),
    Column("channel", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False, unique=True, comment="Message-ID local part, Idempotency-Key"),
    Column("payload", JSONB, nullable=False, comment="frozen: what is rendered, see alerts.message"),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("last_error", Text),
    _now(),
    Column("sent_at", DateTime(timezone=True)),
    UniqueConstraint("deal_id", "channel"),
    Index("ix_notifications_due", "next_attempt_at", postgresql_where=text("state = 'pending'")),
    CheckConstraint("state in ('pending', 'sent', 'dead')", name="state"),
    CheckConstraint("kind in ('deal', 'report', 'prices', 'test')", name="kind"),
    schema="app",
)

price_rules = Table(
    "price_rules",
    metadata,
    Column("price_rule_id", BigInteger, Identity(), primary_key=True),
    Column("owner", Text, nullable=False, server_default="owner"),
    Column("product_id", BigInteger, ForeignKey("core.products.product_id", ondelete="CASCADE"), comment="null: all"),
    Column("kind", Text, nullable=False, comment="see domain.price_rule"),
    Column("days", Integer, comment="days before today that the price is held against; null: all that are known"),
    Column("amount", Numeric(18, 4), comment="per cent, or a price in currency"),
    Column("currency", Text, comment="of amount, where that is a price"),
    Column("channels", ARRAY(Text), nullable=False, server_default="{}", comment="empty: all configured"),
    _now(),
    # The same wish twice is one.
    UniqueConstraint("owner", "product_id", "kind", "days", "amount", postgresql_nulls_not_distinct=True),
    CheckConstraint(
        "kind in ('lowest', 'drop', 'below_average', 'rise_above', 'change', 'back_in_stock')", name="kind"
    ),
    CheckConstraint("days > 0", name="days"),
    schema="app",
)

price_rule_states = Table(
    "price_rule_states",
    metadata,
    Column(
        "price_rule_id", BigInteger, ForeignKey("app.price_rules.price_rule_id", ondelete="CASCADE"), nullable=False
    ),
    Column("product_id", BigInteger, ForeignKey("core.products.product_id", ondelete="CASCADE"), nullable=False),
    Column("base_currency", Text, nullable=False, comment="of value and told_value"),
    Column("is_on_offer", Boolean, nullable=False),
    Column("is_met", Boolean, nullable=False),
    Column("value", Numeric(24, 4), comment="lowest payable price at the last look at which there was one"),
    Column("price", Numeric(24, 4), comment="the same as its source asked it, in currency"),
    Column("currency", Text),
    Column("told_value", Numeric(24, 4), comment="at which it was told, while the rule holds since"),
    PrimaryKeyConstraint("price_rule_id", "product_id"),
    schema="app",
    postgresql_with={"fillfactor": 80},
)

price_events = Table(
    "price_events",
    metadata,
    Column("price_event_id", BigInteger, Identity(), primary_key=True),
    Column("price_rule_id", BigInteger, nullable=False, comment="not a foreign key: what was told outlives the rule"),
    Column("product_id", BigInteger, ForeignKey("core.products.product_id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("listing_id", BigInteger, comment="the offer; not a foreign key: it outlives the listing"),
    Column("page_id", BigInteger, comment="raw page the price was read from"),
    Column("value", Numeric(24, 4), comment="in base_currency"),
    Column("base_currency", Text, nullable=False),
    Column("price", Numeric(24, 4), comment="as the source asks it, in currency"),
    Column("currency", Text),
    Column("against", Numeric(24, 4), comment="what it was held against, in base_currency"),
    Column("change_percent", Numeric(12, 2)),
    Column("reason", Text, nullable=False, comment="a sentence for the owner"),
    Column("notification_ids", ARRAY(BigInteger), nullable=False, server_default="{}", comment="that told it"),
    Column("run_id", Text),
    _now(),
    Index("ix_price_events_created", "created_at"),
    schema="app",
)

# ---------------------------------------------------------------- ml

# One space a model id, which names the engine and the weights: vectors of two ids must never be compared. The column
# has no dimension, since each model has its own; warehouse.embeddings makes an HNSW index for one model id and kind.
embeddings = Table(
    "embeddings",
    metadata,
    Column("listing_id", BigInteger, ForeignKey("core.listing_details.listing_id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False, comment="title, description or image"),
    Column("model_id", Text, nullable=False, comment="name@weights/engine"),
    Column("content_sha256", LargeBinary, nullable=False, comment="of the UTF-8 text, or of the photo's bytes"),
    Column("vec", HalfVector(), nullable=False, comment="unit length"),
    _now(),
    PrimaryKeyConstraint("listing_id", "kind", "model_id"),
    # The same words of another listing are not computed again.
    Index("ix_embeddings_content", "content_sha256", "model_id"),
    CheckConstraint("kind in ('title', 'description', 'image')", name="kind"),
    schema="ml",
)

photos = Table(
    "photos",
    metadata,
    Column("url_sha256", LargeBinary, primary_key=True, comment="of the address, its signature left out"),
    Column("url", Text, nullable=False),
    Column("content_sha256", LargeBinary, comment="of the bytes; null: could not be had"),
    Column("perceptual_hash", BigInteger, comment="pHash, its 64 bits read as a signed number"),
    Column("mirrored_hash", BigInteger, comment="the same of the mirror image"),
    Column("is_flat", Boolean, comment="nearly of one colour: its hashes say nothing"),
    Column("width", Integer),
    Column("height", Integer),
    Column("error", Text, nullable=False, server_default="", comment="why it could not be had"),
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("fetched_at", DateTime(timezone=True), nullable=False),
    Index("ix_photos_perceptual_hash", "perceptual_hash"),
    schema="ml",
)

cluster_runs = Table(
    "cluster_runs",
    metadata,
    Column("cluster_run_id", BigInteger, Identity(), primary_key=True),
    Column("watch_id", BigInteger, ForeignKey("app.watches.watch_id", ondelete="CASCADE"), comment="null: over all"),
    Column("method", Text, nullable=False, comment="how clusters were made; its parameters are in params"),
    Column("params", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("model_ids", ARRAY(Text), nullable=False, server_default="{}"),
    Column("state", Text, nullable=False, server_default="running"),
    Column("error", Text),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("ended_at", DateTime(timezone=True)),
    Column("n_listings", Integer, nullable=False, server_default="0"),
    Column("n_clusters", Integer, nullable=False, server_default="0"),
    Column("n_unique", Integer, nullable=False, server_default="0", comment="listings in no cluster"),
    Column("metrics", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Index("ix_cluster_runs_watch_started", "watch_id", "started_at"),
    CheckConstraint("state in ('running', 'success', 'failure')", name="state"),
    schema="ml",
)

clusters = Table(
    "clusters",
    metadata,
    Column("cluster_id", Uuid, primary_key=True, comment="the same from run to run while the cluster lives"),
    Column("watch_id", BigInteger, ForeignKey("app.watches.watch_id", ondelete="CASCADE"), comment="null: over all"),
    Column("level", Text, nullable=False, comment="product: the same thing; theme: things alike, never priced"),
    Column("label", Text, nullable=False),
    Column("terms", ARRAY(Text), nullable=False, server_default="{}", comment="words that set it apart, best first"),
    Column("representative_id", BigInteger, ForeignKey("core.listing_details.listing_id", ondelete="SET NULL")),
    Column("size", Integer, nullable=False),
    Column("median_price", Numeric(18, 4), comment="payable"),
    Column("currency", Text),
    Column("cohesion", Double, comment="mean probability that two of its members are the same thing"),
    Column("born_run_id", BigInteger, ForeignKey("ml.cluster_runs.cluster_run_id", ondelete="SET NULL")),
    Column("died_run_id", BigInteger, ForeignKey("ml.cluster_runs.cluster_run_id", ondelete="SET NULL")),
    Column(
        "merged_into_id",
        Uuid,
        ForeignKey("ml.clusters.cluster_id", ondelete="SET NULL"),
        comment="where links to a dead cluster lead",
    ),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_clusters_watch_level", "watch_id", "level"),
    Index("ix_clusters_representative", "representative_id"),
    CheckConstraint("level in ('product', 'theme')", name="level"),
    schema="ml",
)

cluster_members = Table(
    "cluster_members",
    metadata,
    Column(
        "cluster_run_id",
        BigInteger,
        ForeignKey("ml.cluster_runs.cluster_run_id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("level", Text, nullable=False),
    Column("listing_id", BigInteger, ForeignKey("core.listing_details.listing_id", ondelete="CASCADE"), nullable=False),
    Column(
        "cluster_id", Uuid, ForeignKey("ml.clusters.cluster_id", ondelete="CASCADE"), comment="null: unique (noise)"
    ),
    Column("probability", Double, comment="mean over the members that it is the same thing"),
    Column("distance", Double, comment="to the cluster's centroid"),
    Column("is_representative", Boolean, nullable=False, server_default=text("false")),
    Column("assigned_by", Text, nullable=False, server_default="full", comment="full run, or incremental after it"),
    Column("assigned_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("cluster_run_id", "level", "listing_id"),
    Index("ix_cluster_members_listing", "listing_id"),
    Index("ix_cluster_members_cluster", "cluster_id"),
    CheckConstraint("level in ('product', 'theme')", name="level"),
    CheckConstraint("assigned_by in ('full', 'incremental')", name="assigned_by"),
    schema="ml",
)

cluster_transitions = Table(
    "cluster_transitions",
    metadata,
    Column("cluster_transition_id", BigInteger, Identity(), primary_key=True),
    Column(
        "cluster_run_id",
        BigInteger,
        ForeignKey("ml.cluster_runs.cluster_run_id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("kind", Text, nullable=False),
    Column("from_id", Uuid, comment="cluster before the run; null where born"),
    Column("to_id", Uuid, comment="cluster after it; null where dead"),
    Column("overlap", Double, comment="Jaccard index of the members both runs know"),
    Index("ix_cluster_transitions_run", "cluster_run_id"),
    Index("ix_cluster_transitions_from", "from_id"),
    CheckConstraint("kind in ('survive', 'split', 'merge', 'born', 'dead')", name="kind"),
    schema="ml",
)

price_models = Table(
    "price_models",
    metadata,
    Column("price_model_id", BigInteger, Identity(), primary_key=True),
    Column("scope", Text, nullable=False, server_default="all", comment="what it is trained over"),
    Column("method", Text, nullable=False),
    Column("params", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("model_ids", ARRAY(Text), nullable=False, server_default="{}", comment="of the embeddings it reads"),
    Column("state", Text, nullable=False, server_default="running"),
    Column("error", Text),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("ended_at", DateTime(timezone=True)),
    Column("n_train", Integer, nullable=False, server_default="0"),
    Column("n_calibration", Integer, nullable=False, server_default="0"),
    Column("trained_until", DateTime(timezone=True), comment="nothing first seen after it was used"),
    Column("calibrated_from", DateTime(timezone=True)),
    Column("metrics", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("artifact", LargeBinary, comment="what scoring needs; its format is named in params"),
    Column("sha256", Text, comment="of the artifact, hexadecimal"),
    Column("coverage", Double, comment="share of the last window's prices inside their 90 % intervals"),
    Index("ix_price_models_scope_started", "scope", "started_at"),
    CheckConstraint("state in ('running', 'success', 'refused', 'failure')", name="state"),
    schema="ml",
)

# The newest estimate of each listing in each watch; what a deal was judged by is frozen with the deal.
fair_prices = Table(
    "fair_prices",
    metadata,
    Column("watch_id", BigInteger, ForeignKey("app.watches.watch_id", ondelete="CASCADE"), nullable=False),
    Column("listing_id", BigInteger, ForeignKey("core.listing_details.listing_id", ondelete="CASCADE"), nullable=False),
    Column("price_model_id", BigInteger, ForeignKey("ml.price_models.price_model_id", ondelete="SET NULL")),
    Column("model_id", Text, comment="of the embeddings it read"),
    Column("listing_kind", Text, nullable=False, server_default="normal"),
    Column("price", Numeric(18, 4), nullable=False, comment="payable price that was judged"),
    Column("currency", Text, nullable=False, comment="of all amounts here"),
    Column("expected", Numeric(18, 4)),
    Column("low", Numeric(18, 4), comment="of the 90 % interval"),
    Column("high", Numeric(18, 4)),
    Column("discount_percent", Numeric(7, 2)),
    Column("p_value", Double, comment="share of calibration prices at least as low against what was expected"),
    Column("score", Double),
    Column("n_effective", Double, comment="effective number of comparables"),
    Column("tier", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("comparables", JSONB, nullable=False, server_default=text("'[]'::jsonb"), comment="five, nearest first"),
    Column("notes", JSONB, nullable=False, server_default=text("'[]'::jsonb"), comment="guards that fired, and why"),
    Column("estimated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("watch_id", "listing_id"),
    Index("ix_fair_prices_listing", "listing_id"),
    schema="ml",
)

# ---------------------------------------------------------------- ops

scrape_runs = Table(
    "scrape_runs",
    metadata,
    Column("scrape_run_id", BigInteger, Identity(), primary_key=True),
    Column("run_id", Text, nullable=False, comment="Dagster run"),
    Column("task", Text, nullable=False, comment="poll, index, backfill, import or probe"),
    Column("source", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("state", Text, nullable=False, comment="running, success or failure"),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("ended_at", DateTime(timezone=True)),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("items", Integer, nullable=False, server_default="0"),
    Column("new_items", Integer, nullable=False, server_default="0"),
    Column("changed_items", Integer, nullable=False, server_default="0"),
    Column("quarantined", Integer, nullable=False, server_default="0"),
    Column("deals", Integer, nullable=False, server_default="0"),
    Column("alerts", Integer, nullable=False, server_default="0"),
    Column("errors", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("durations_ms", JSONB, nullable=False, server_default="{}"),
    UniqueConstraint("run_id", "source", "day"),
    Index("ix_scrape_runs_source_started", "source", "started_at"),
    schema="ops",
)

source_state = Table(
    "source_state",
    metadata,
    Column("source", Text, primary_key=True),
    Column("state", Text, nullable=False, comment="ok, a PageMeaning of refusal, or not_configured"),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("is_blocked", Boolean, nullable=False, server_default=text("false"), comment="the circuit is open"),
    Column("consecutive_failures", Integer, nullable=False, server_default="0"),
    Column("last_success_at", DateTime(timezone=True)),
    Column("last_failure_at", DateTime(timezone=True)),
    Column("last_probe_at", DateTime(timezone=True)),
    Column("next_attempt_at", DateTime(timezone=True), comment="not before; null: now"),
    Column("detail", Text, nullable=False, server_default=""),
    schema="ops",
)

# One row a page read, written in the transaction that loaded the page: the checkpoint of `items`.
page_readings = Table(
    "page_readings",
    metadata,
    Column("page_id", BigInteger, primary_key=True),
    Column("fetched_at", DateTime(timezone=True), nullable=False),
    Column("source", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("parser_version", Integer, nullable=False),
    Column("meaning", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("records", Integer, nullable=False),
    Column("new_items", Integer, nullable=False),
    Column("changed_items", Integer, nullable=False),
    Column("unchanged_items", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    # Which listings the page showed: with it, a page that arrives late can be put into the price history exactly.
    Column("listing_ids", ARRAY(BigInteger), nullable=False, server_default="{}"),
    Column("read_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # Of those, the ones whose total the page left unsaid: a late page may tell what they cost.
    Column("thin_ids", ARRAY(BigInteger), nullable=False, server_default="{}"),
    # Of listing_ids, the ones that the page shows without a price: a late page may tell what they cost.
    Column("unpriced_ids", ARRAY(BigInteger), nullable=False, server_default="{}"),
    Index("ix_page_readings_source_day", "source", "day"),
    # Days of every source: how sources do, the marts' look-back, retention.
    Index("ix_page_readings_fetched_at", "fetched_at", "day", postgresql_using="brin"),
    Index("ix_page_readings_thin", "source", "fetched_at", postgresql_where=text("thin_ids <> '{}'")),
    Index("ix_page_readings_unpriced", "source", "fetched_at", postgresql_where=text("unpriced > 0")),
    Column("unpriced", Integer, nullable=False, server_default="0", comment="records of things shown without a price"),
    CheckConstraint(
        "records = new_items + changed_items + unchanged_items + quarantined + unpriced", name="nothing_lost"
    ),
    schema="ops",
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_id", BigInteger, Identity(), primary_key=True),
    Column("source", Text, nullable=False),
    Column("page_id", BigInteger, nullable=False),
    Column("fetched_at", DateTime(timezone=True), nullable=False),
    Column("record_index", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("record", LargeBinary, nullable=False, comment="the record as it came, at most 64 KiB"),
    Column("state", Text, nullable=False, server_default="open"),
    _now(),
    Column("resolved_at", DateTime(timezone=True)),
    UniqueConstraint("page_id", "record_index"),
    CheckConstraint("state in ('open', 'resolved')", name="state"),
    schema="ops",
)

# Observations whose price cannot be meant: kept out of the history until they are confirmed or released.
price_reviews = Table(
    "price_reviews",
    metadata,
    Column("review_id", BigInteger, Identity(), primary_key=True),
    Column("listing_id", BigInteger, ForeignKey("core.listing_details.listing_id", ondelete="CASCADE"), nullable=False),
    Column("page_id", BigInteger, nullable=False, comment="raw page that showed the price"),
    Column("observed_at", DateTime(timezone=True), nullable=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("total_minor", BigInteger),
    Column("currency", Text, nullable=False),
    Column("availability", Text, nullable=False),
    Column("reason", Text, nullable=False, comment="see domain.plausibility"),
    Column("known_minor", BigInteger, nullable=False, comment="price known before, in known_currency"),
    Column("known_currency", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    _now(),
    Column("decided_at", DateTime(timezone=True)),
    UniqueConstraint("listing_id", "observed_at"),
    Index("ix_price_reviews_open", "observed_at", postgresql_where=text("state = 'open'")),
    CheckConstraint("state in ('open', 'released', 'rejected', 'withdrawn')", name="state"),
    schema="ops",
)

# Kept until a page that prices the thing is read: pages of many days are read in any order.
unknown_offers = Table(
    "unknown_offers",
    metadata,
    Column("page_id", BigInteger, primary_key=True, comment="raw page that shows it without a price"),
    Column("external_id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("fetched_at", DateTime(timezone=True), nullable=False, comment="of the page"),
    Column("availability", Text, nullable=False),
    Index("ix_unknown_offers_source_external", "source", "external_id"),
    schema="ops",
)

compacted_months = Table(
    "compacted_months",
    metadata,
    Column("month", Date, primary_key=True, comment="first of the UTC month"),
    Column("rows_before", BigInteger, nullable=False),
    Column("rows_after", BigInteger, nullable=False),
    Column("bytes_before", BigInteger, nullable=False),
    Column("bytes_after", BigInteger, nullable=False),
    Column("compacted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    schema="ops",
)

# Months, or their first days, of which core.price_history_packed tells the whole history (warehouse.closing).
packed_months = Table(
    "packed_months",
    metadata,
    Column("month", Date, primary_key=True, comment="first of the UTC month"),
    Column("until", Date, nullable=False, comment="the days before it are packed: all, once the month is closed"),
    Column("rows", BigInteger, nullable=False),
    Column("packed_rows", BigInteger, nullable=False),
    Column("packed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    schema="ops",
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", JSONB, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    schema="ops",
)

# How often each watch is checked, as planned after the last poll of its source (domain.cadence).
watch_cadence = Table(
    "watch_cadence",
    metadata,
    Column("watch_id", BigInteger, ForeignKey("app.watches.watch_id", ondelete="CASCADE"), primary_key=True),
    Column("interval_seconds", Integer, nullable=False),
    Column("arrivals_per_day", Double, nullable=False, comment="new and changed listings expected a day"),
    Column("requests_per_check", Double, nullable=False),
    Column("due_at", DateTime(timezone=True), comment="null: now"),
    Column("planned_at", DateTime(timezone=True), nullable=False),
    schema="ops",
)
