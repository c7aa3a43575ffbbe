"""What ten sources say beyond the first: kinds of prices, stock, products, wishes about sellers.

Revision: 0003, after 0002. Frozen: later changes are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_LOST_BEFORE = "records = new_items + changed_items + unchanged_items + quarantined"
_LISTING_COLUMNS = (
    "price_kind",
    "list_price",
    "shipping_price",
    "sku",
    "gtin",
    "group_id",
    "country",
    "ends_at",
    "attributes",
)
_WATCH_COLUMNS = ("seller_countries", "excluded_sellers", "personal_sellers_only")


def upgrade() -> None:
    _extend_listings()
    _extend_watches()
    op.add_column(
        "page_readings",
        sa.Column(
            "unpriced",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="records of things shown without a price",
        ),
        schema="ops",
    )
    _replace_nothing_lost(f"{_LOST_BEFORE} + unpriced")
    op.create_index("ix_fx_rates_currency_day", "fx_rates", ["currency", "day"], schema="core")
    _create_stock_history()
    _create_products()


def downgrade() -> None:
    for table in ("core.product_sources", "core.products", "core.stock_history"):
        op.execute(f"drop table {table}")
    op.drop_index("ix_fx_rates_currency_day", "fx_rates", schema="core")
    # Records without a price were not known before; a page's count is that of the others.
    op.execute("alter table ops.page_readings drop constraint ck_page_readings_nothing_lost")
    op.execute("update ops.page_readings set records = records - unpriced where unpriced > 0")
    op.drop_column("page_readings", "unpriced", schema="ops")
    op.create_check_constraint(op.f("ck_page_readings_nothing_lost"), "page_readings", _LOST_BEFORE, schema="ops")
    for column in _WATCH_COLUMNS:
        op.drop_column("watches", column, schema="app")
    op.alter_column("watch_listings", "is_blacklisted", comment=None, schema="app")
    op.alter_column("listing_state", "is_active", comment=None, schema="core")
    op.drop_column("listing_state", "quantity", schema="core")
    op.drop_index("ix_listings_gtin", "listings", schema="core")
    for column in _LISTING_COLUMNS:
        op.drop_column("listings", column, schema="core")


def _replace_nothing_lost(condition: str) -> None:
    op.drop_constraint(op.f("ck_page_readings_nothing_lost"), "page_readings", schema="ops")
    op.create_check_constraint(op.f("ck_page_readings_nothing_lost"), "page_readings", condition, schema="ops")


def _extend_listings() -> None:
    for column in (
        sa.Column("price_kind", sa.Text(), server_default="price", nullable=False, comment="see domain.price_kind"),
        sa.Column("list_price", sa.Numeric(18, 4), comment="struck through or recommended, same currency"),
        sa.Column("shipping_price", sa.Numeric(18, 4), comment="cheapest delivery; 0 is free, null is unknown"),
        sa.Column("sku", sa.Text()),
        sa.Column("gtin", sa.Text(), comment="as the page says it"),
        sa.Column("group_id", sa.Text(), comment="the card or variation group that this is one variant of"),
        sa.Column("country", sa.Text(), comment="ISO 3166 alpha-2 of where the thing is"),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("attributes", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
    ):
        op.add_column("listings", column, schema="core")
    op.create_index(
        "ix_listings_gtin", "listings", ["gtin"], schema="core", postgresql_where=sa.text("gtin is not null")
    )
    op.add_column(
        "listing_state",
        sa.Column("quantity", sa.Integer(), comment="pieces in stock where a page said so"),
        schema="core",
    )
    op.alter_column(
        "listing_state", "is_active", comment="false: sold, gone, or last seen without a price", schema="core"
    )


def _extend_watches() -> None:
    lists = (("seller_countries", "ISO 3166 alpha-2; empty: any"), ("excluded_sellers", "ids or logins"))
    for name, comment in lists:
        op.add_column(
            "watches",
            sa.Column(name, sa.ARRAY(sa.Text()), server_default="{}", nullable=False, comment=comment),
            schema="app",
        )
    op.add_column(
        "watches",
        sa.Column("personal_sellers_only", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="app",
    )
    op.alter_column(
        "watch_listings",
        "is_blacklisted",
        comment="by its words or its seller: left out of alerts and statistics",
        schema="app",
    )


def _create_stock_history() -> None:
    op.create_table(
        "stock_history",
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "listing_id", "observed_at", name=op.f("pk_stock_history"), postgresql_include=["quantity"]
        ),
        schema="core",
    )
    op.create_index(
        "ix_stock_history_observed_at", "stock_history", ["observed_at"], schema="core", postgresql_using="brin"
    )


def _create_products() -> None:
    op.create_table(
        "products",
        sa.Column("product_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False, comment="the owner's own article number"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("gtin", sa.Text(), comment="as domain.gtin writes it"),
        sa.Column("brand", sa.Text()),
        sa.Column("category", sa.Text()),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_products")),
        sa.UniqueConstraint("sku", name=op.f("uq_products_sku")),
        schema="core",
    )
    op.create_index(
        "ix_products_gtin", "products", ["gtin"], schema="core", postgresql_where=sa.text("gtin is not null")
    )
    op.create_table(
        "product_sources",
        sa.Column("product_source_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), comment="the source's id of the offer, where it is known"),
        sa.Column("listing_id", sa.BigInteger()),
        sa.Column("watch_id", sa.BigInteger()),
        sa.Column("matched_by", sa.Text(), nullable=False, comment="gtin or link"),
        sa.Column("state", sa.Text(), server_default="approved", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("matched_by in ('gtin', 'link')", name=op.f("ck_product_sources_matched_by")),
        sa.CheckConstraint("state in ('approved', 'proposed', 'rejected')", name=op.f("ck_product_sources_state")),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["core.products.product_id"],
            name=op.f("fk_product_sources_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["core.listings.listing_id"],
            name=op.f("fk_product_sources_listing_id_listings"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["watch_id"],
            ["app.watches.watch_id"],
            name=op.f("fk_product_sources_watch_id_watches"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("product_source_id", name=op.f("pk_product_sources")),
        sa.UniqueConstraint("product_id", "source", "url", name=op.f("uq_product_sources_product_id_source_url")),
        schema="core",
    )
    op.create_index("ix_product_sources_listing", "product_sources", ["listing_id"], schema="core")
    op.create_index("ix_product_sources_watch", "product_sources", ["watch_id"], schema="core")
