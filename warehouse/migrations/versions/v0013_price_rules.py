"""Rules over the prices of products: what is asked, what the last look left, what was told.

Revision: 0013, after 0012. Frozen: later changes are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _now() -> sa.Column[object]:
    return sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "price_rules",
        sa.Column("price_rule_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("owner", sa.Text(), server_default="owner", nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True, comment="null: all"),
        sa.Column("kind", sa.Text(), nullable=False, comment="see domain.price_rule"),
        sa.Column(
            "days",
            sa.Integer(),
            nullable=True,
            comment="days before today that the price is held against; null: all that are known",
        ),
        sa.Column("amount", sa.Numeric(18, 4), nullable=True, comment="per cent, or a price in currency"),
        sa.Column("currency", sa.Text(), nullable=True, comment="of amount, where that is a price"),
        sa.Column(
            "channels",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="empty: all configured",
        ),
        _now(),
        sa.CheckConstraint(
            "kind in ('lowest', 'drop', 'below_average', 'rise_above', 'change', 'back_in_stock')",
            name=op.f("ck_price_rules_kind"),
        ),
        sa.CheckConstraint("days > 0", name=op.f("ck_price_rules_days")),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["core.products.product_id"],
            name=op.f("fk_price_rules_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("price_rule_id", name=op.f("pk_price_rules")),
        sa.UniqueConstraint(
            "owner",
            "product_id",
            "kind",
            "days",
            "amount",
            name=op.f("uq_price_rules_owner_product_id_kind_days_amount"),
            postgresql_nulls_not_distinct=True,
        ),
        schema="app",
    )
    op.create_table(
        "price_rule_states",
        sa.Column("price_rule_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("base_currency", sa.Text(), nullable=False, comment="of value and told_value"),
        sa.Column("is_on_offer", sa.Boolean(), nullable=False),
        sa.Column("is_met", sa.Boolean(), nullable=False),
        sa.Column(
            "value",
            sa.Numeric(24, 4),
            nullable=True,
            comment="lowest payable price at the last look at which there was one",
        ),
        sa.Column("price", sa.Numeric(24, 4), nullable=True, comment="the same as its source asked it, in currency"),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column(
            "told_value",
            sa.Numeric(24, 4),
            nullable=True,
            comment="at which it was told, while the rule holds since",
        ),
        sa.ForeignKeyConstraint(
            ["price_rule_id"],
            ["app.price_rules.price_rule_id"],
            name=op.f("fk_price_rule_states_price_rule_id_price_rules"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["core.products.product_id"],
            name=op.f("fk_price_rule_states_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("price_rule_id", "product_id", name=op.f("pk_price_rule_states")),
        schema="app",
        postgresql_with={"fillfactor": 80},
    )
    op.create_table(
        "price_events",
        sa.Column("price_event_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column(
            "price_rule_id",
            sa.BigInteger(),
            nullable=False,
            comment="not a foreign key: what was told outlives the rule",
        ),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "listing_id",
            sa.BigInteger(),
            nullable=True,
            comment="the offer; not a foreign key: it outlives the listing",
        ),
        sa.Column("page_id", sa.BigInteger(), nullable=True, comment="raw page the price was read from"),
        sa.Column("value", sa.Numeric(24, 4), nullable=True, comment="in base_currency"),
        sa.Column("base_currency", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(24, 4), nullable=True, comment="as the source asks it, in currency"),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("against", sa.Numeric(24, 4), nullable=True, comment="what it was held against, in base_currency"),
        sa.Column("change_percent", sa.Numeric(12, 2), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False, comment="a sentence for the owner"),
        sa.Column(
            "notification_ids",
            postgresql.ARRAY(sa.BigInteger()),
            server_default="{}",
            nullable=False,
            comment="that told it",
        ),
        sa.Column("run_id", sa.Text(), nullable=True),
        _now(),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["core.products.product_id"],
            name=op.f("fk_price_events_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("price_event_id", name=op.f("pk_price_events")),
        schema="app",
    )
    op.create_index("ix_price_events_created", "price_events", ["created_at"], schema="app")
    _kinds("'deal', 'report', 'prices', 'test'")


def downgrade() -> None:
    op.execute("delete from app.notifications where kind = 'prices'")
    _kinds("'deal', 'report', 'test'")
    op.drop_table("price_events", schema="app")
    op.drop_table("price_rule_states", schema="app")
    op.drop_table("price_rules", schema="app")


def _kinds(kinds: str) -> None:
    op.drop_constraint(op.f("ck_notifications_kind"), "notifications", schema="app")
    op.create_check_constraint(op.f("ck_notifications_kind"), "notifications", f"kind in ({kinds})", schema="app")
    words = kinds.replace("'", "").rpartition(", ")
    op.alter_column("notifications", "kind", comment=f"{words[0]} or {words[2]}", schema="app")
