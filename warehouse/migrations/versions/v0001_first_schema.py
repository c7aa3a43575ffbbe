"""The first schema: raw pages, listings and their history, watches, deals, outbox, runs.

Revision: 0001, after nothing. Frozen: later changes are revisions of their own.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMAS = ("raw", "core", "app", "ops", "marts")


def upgrade() -> None:
    for schema in SCHEMAS:
        op.execute(f"create schema if not exists {schema}")
    _extension_where_available("vector")
    _create_tables()
    # Pages are compressed already: PostgreSQL would spend time finding that out.
    op.execute("alter table raw.pages alter column body set storage external")
    _create_partitions("raw", "pages")
    _create_partitions("core", "price_history")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"drop table {table}")
    # The marts are dbt's and can be built again; the extension may serve others and stays.
    op.execute("drop schema marts cascade")
    for schema in ("raw", "core", "app", "ops"):
        op.execute(f"drop schema {schema}")


def _extension_where_available(name: str) -> None:
    connection = op.get_bind()
    available = connection.execute(
        sa.text("select 1 from pg_available_extensions where name = :name"), {"name": name}
    ).scalar()
    allowed = connection.execute(
        sa.text(
            "select rolsuper or has_database_privilege(current_database(), 'CREATE') from pg_roles"
            " where rolname = current_user"
        )
    ).scalar()
    if available and allowed:
        with connection.begin_nested() as attempt:
            try:
                connection.execute(sa.text(f"create extension if not exists {name}"))
            except sa.exc.DBAPIError:
                # Only a superuser may create an untrusted extension; embeddings are optional.
                attempt.rollback()


def _create_partitions(schema: str, table: str) -> None:
    """Make the partitions of this month and the two after it; the pipeline makes all others."""
    month = datetime.now(UTC).date().replace(day=1)
    for _ in range(3):
        following = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
        op.execute(
            f"create table {schema}.{table}_{month:%Y_%m} partition of {schema}.{table}"
            f" for values from ('{month:%Y-%m-%d} 00:00+00') to ('{following:%Y-%m-%d} 00:00+00')"
        )
        month = following


def _create_tables() -> None:
    op.create_table(
        "watches",
        sa.Column("watch_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner", sa.Text(), server_default="owner", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("params", JSONB(), nullable=False),
        sa.Column("rules", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("max_price", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("sigma_k", sa.Numeric(precision=6, scale=3), server_default="1.5", nullable=False),
        sa.Column("robust_z", sa.Numeric(precision=6, scale=3), server_default="2.0", nullable=False),
        sa.Column("min_comparables", sa.Integer(), server_default="8", nullable=False),
        sa.Column("blacklist", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("highlight", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("pages_per_poll", sa.SmallInteger(), nullable=True),
        sa.Column("channels", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_probe", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "first_judged_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="end of the first run; null until then",
        ),
        sa.PrimaryKeyConstraint("watch_id", name=op.f("pk_watches")),
        sa.UniqueConstraint("owner", "name", name=op.f("uq_watches_owner_name")),
        schema="app",
    )
    op.create_table(
        "fx_rates",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("base_currency", sa.Text(), nullable=False),
        sa.Column(
            "rate",
            sa.Numeric(precision=24, scale=12),
            nullable=False,
            comment="units of base_currency for one unit of currency",
        ),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.CheckConstraint("rate > 0", name=op.f("ck_fx_rates_rate_positive")),
        sa.PrimaryKeyConstraint("day", "currency", "base_currency", name=op.f("pk_fx_rates")),
        schema="core",
    )
    op.create_table(
        "price_history",
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("availability", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "listing_id",
            "observed_at",
            name=op.f("pk_price_history"),
            postgresql_include=["price_minor", "total_minor", "currency", "availability"],
        ),
        schema="core",
        postgresql_partition_by="RANGE (observed_at)",
    )
    op.create_index(
        "ix_price_history_observed_at",
        "price_history",
        ["observed_at"],
        unique=False,
        schema="core",
        postgresql_using="brin",
    )
    op.create_table(
        "sellers",
        sa.Column("seller_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=True),
        sa.Column("is_business", sa.Boolean(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seller_id", name=op.f("pk_sellers")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_sellers_source_external_id")),
        schema="core",
    )
    op.create_table(
        "checkpoints",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", JSONB(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_checkpoints")),
        schema="ops",
    )
    op.create_table(
        "page_readings",
        sa.Column("page_id", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("parser_version", sa.Integer(), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("new_items", sa.Integer(), nullable=False),
        sa.Column("changed_items", sa.Integer(), nullable=False),
        sa.Column("unchanged_items", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("listing_ids", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "records = new_items + changed_items + unchanged_items + quarantined",
            name=op.f("ck_page_readings_nothing_lost"),
        ),
        sa.PrimaryKeyConstraint("page_id", name=op.f("pk_page_readings")),
        schema="ops",
    )
    op.create_index("ix_page_readings_source_day", "page_readings", ["source", "day"], unique=False, schema="ops")
    op.create_table(
        "quarantine",
        sa.Column("quarantine_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("page_id", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record_index", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False, comment="the record as it came, at most 64 KiB"),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('open', 'resolved')", name=op.f("ck_quarantine_state")),
        sa.PrimaryKeyConstraint("quarantine_id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("page_id", "record_index", name=op.f("uq_quarantine_page_id_record_index")),
        schema="ops",
    )
    op.create_table(
        "scrape_runs",
        sa.Column("scrape_run_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False, comment="Dagster run"),
        sa.Column("task", sa.Text(), nullable=False, comment="poll, index, backfill, import or probe"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="running, success or failure"),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("items", sa.Integer(), server_default="0", nullable=False),
        sa.Column("new_items", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed_items", sa.Integer(), server_default="0", nullable=False),
        sa.Column("quarantined", sa.Integer(), server_default="0", nullable=False),
        sa.Column("deals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("alerts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("errors", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("durations_ms", JSONB(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("scrape_run_id", name=op.f("pk_scrape_runs")),
        sa.UniqueConstraint("run_id", "source", "day", name=op.f("uq_scrape_runs_run_id_source_day")),
        schema="ops",
    )
    op.create_index(
        "ix_scrape_runs_source_started", "scrape_runs", ["source", "started_at"], unique=False, schema="ops"
    )
    op.create_table(
        "source_state",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="ok, a PageMeaning of refusal, or not_configured"),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "is_blocked", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="the circuit is open"
        ),
        sa.Column("consecutive_failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_failure_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True, comment="not before; null: now"),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_source_state")),
        schema="ops",
    )
    op.create_table(
        "pages",
        sa.Column("page_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="partition day (UTC) of fetched_at"),
        sa.Column("watch_id", sa.BigInteger(), nullable=True, comment="not a foreign key: pages outlive watches"),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("page_number", sa.SmallInteger(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("content_type", sa.Text(), server_default="", nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("origin", sa.Text(), server_default="fetch", nullable=False, comment="fetch, import or sandbox"),
        sa.Column("run_id", sa.Text(), nullable=True, comment="Dagster run that stored it"),
        sa.Column("sha256", sa.LargeBinary(), nullable=False, comment="of the uncompressed body"),
        sa.Column("body_bytes", sa.Integer(), nullable=False, comment="size of the uncompressed body"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="zstd; storage external"),
        sa.CheckConstraint("origin in ('fetch', 'import', 'sandbox')", name=op.f("ck_pages_origin")),
        sa.PrimaryKeyConstraint("page_id", "fetched_at", name=op.f("pk_pages")),
        schema="raw",
        postgresql_partition_by="RANGE (fetched_at)",
    )
    op.create_index("ix_pages_source_day", "pages", ["source", "day", "page_id"], unique=False, schema="raw")
    op.create_index("ix_pages_watch", "pages", ["watch_id", "fetched_at"], unique=False, schema="raw")
    op.create_index(
        "uq_pages_identity",
        "pages",
        ["source", "sha256", "fetched_at", sa.literal_column("md5(url)")],
        unique=True,
        schema="raw",
    )
    op.create_table(
        "listings",
        sa.Column("listing_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column("size", sa.Text(), nullable=True),
        sa.Column("color", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("condition_label", sa.Text(), nullable=True),
        sa.Column("condition_source_id", sa.Text(), nullable=True),
        sa.Column("price", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("fee", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column(
            "total_price",
            sa.Numeric(precision=18, scale=4),
            nullable=True,
            comment="what the buyer pays, fees included, shipping not",
        ),
        sa.Column("original_price", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("original_currency", sa.Text(), nullable=True),
        sa.Column("image_urls", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("seller_id", sa.BigInteger(), nullable=True),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_page_id", sa.BigInteger(), nullable=False, comment="raw page of the values shown here"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_listings_currency_iso")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_listings_price_not_negative")),
        sa.ForeignKeyConstraint(["seller_id"], ["core.sellers.seller_id"], name=op.f("fk_listings_seller_id_sellers")),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_listings")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_listings_source_external_id")),
        schema="core",
    )
    op.create_index(
        "ix_listings_condition_listed_at", "listings", ["condition", "listed_at"], unique=False, schema="core"
    )
    op.create_index("ix_listings_condition_price", "listings", ["condition", "price"], unique=False, schema="core")
    op.create_index("ix_listings_seller", "listings", ["seller_id"], unique=False, schema="core")
    op.create_table(
        "deals",
        sa.Column("deal_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("watch_id", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "rule", sa.Text(), nullable=False, comment="the rule that decided; evidence holds every rule's verdict"
        ),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.Numeric(precision=18, scale=4), nullable=False, comment="payable price, major units"),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("expected", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("difference", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("discount_percent", sa.Numeric(precision=7, scale=2), nullable=True),
        sa.Column("sigma_below", sa.Numeric(precision=10, scale=3), nullable=True),
        sa.Column("n_comparables", sa.Integer(), server_default="0", nullable=False),
        sa.Column("evidence", JSONB(), nullable=False, comment="list of verdicts, see domain.deal.Verdict"),
        sa.Column("is_initial", sa.Boolean(), nullable=False),
        sa.Column("page_id", sa.BigInteger(), nullable=False, comment="raw page the price was read from"),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["core.listings.listing_id"], name=op.f("fk_deals_listing_id_listings"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["app.watches.watch_id"], name=op.f("fk_deals_watch_id_watches"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("deal_id", name=op.f("pk_deals")),
        sa.UniqueConstraint(
            "watch_id",
            "listing_id",
            "currency",
            "total_minor",
            name=op.f("uq_deals_watch_id_listing_id_currency_total_minor"),
        ),
        schema="app",
    )
    op.create_index("ix_deals_created", "deals", ["created_at"], unique=False, schema="app")
    op.create_table(
        "hidden",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["core.listings.listing_id"], name=op.f("fk_hidden_listing_id_listings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("owner", "listing_id", name=op.f("pk_hidden")),
        schema="app",
    )
    op.create_table(
        "watch_listings",
        sa.Column("watch_id", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_blacklisted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "is_initial", sa.Boolean(), nullable=False, comment="found by the watch's first run: reported, not alerted"
        ),
        sa.Column(
            "judged_total_minor",
            sa.BigInteger(),
            nullable=True,
            comment="payable price at the last verdict; null: never judged",
        ),
        sa.Column(
            "judged_baseline_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="computed_at of the statistics of that verdict",
        ),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["core.listings.listing_id"],
            name=op.f("fk_watch_listings_listing_id_listings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["app.watches.watch_id"], name=op.f("fk_watch_listings_watch_id_watches"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("watch_id", "listing_id", name=op.f("pk_watch_listings")),
        schema="app",
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("ix_watch_listings_listing", "watch_listings", ["listing_id"], unique=False, schema="app")
    op.create_table(
        "listing_state",
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("availability", sa.Text(), nullable=False),
        sa.Column("favourite_count", sa.Integer(), nullable=True),
        sa.Column("view_count", sa.Integer(), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_page_id", sa.BigInteger(), nullable=False),
        sa.Column("checks", sa.Integer(), server_default="1", nullable=False),
        sa.Column("price_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["core.listings.listing_id"],
            name=op.f("fk_listing_state_listing_id_listings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_listing_state")),
        schema="core",
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "notifications",
        sa.Column("notification_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="deal, report or test"),
        sa.Column("deal_id", sa.BigInteger(), nullable=True),
        sa.Column("watch_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False, comment="Message-ID local part, Idempotency-Key"),
        sa.Column("payload", JSONB(), nullable=False, comment="frozen: what is rendered, see alerts.message"),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('deal', 'report', 'test')", name=op.f("ck_notifications_kind")),
        sa.CheckConstraint("state in ('pending', 'sent', 'dead')", name=op.f("ck_notifications_state")),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["app.deals.deal_id"], name=op.f("fk_notifications_deal_id_deals"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["app.watches.watch_id"], name=op.f("fk_notifications_watch_id_watches"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("notification_id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("deal_id", "channel", name=op.f("uq_notifications_deal_id_channel")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_notifications_idempotency_key")),
        schema="app",
    )
    op.create_index(
        "ix_notifications_due",
        "notifications",
        ["next_attempt_at"],
        unique=False,
        schema="app",
        postgresql_where=sa.text("state = 'pending'"),
    )


TABLES = (
    "app.watches",
    "core.fx_rates",
    "core.price_history",
    "core.sellers",
    "ops.checkpoints",
    "ops.page_readings",
    "ops.quarantine",
    "ops.scrape_runs",
    "ops.source_state",
    "raw.pages",
    "core.listings",
    "app.deals",
    "app.hidden",
    "app.watch_listings",
    "core.listing_state",
    "app.notifications",
)
