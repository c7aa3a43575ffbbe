"""Lots of public procurement and the positions in them.

Revision: 0004, after 0003. Frozen: later changes are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lots",
        sa.Column("lot_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("lot_type", sa.Text(), nullable=False, comment="auction, shop, national or tender"),
        sa.Column("status", sa.Text(), nullable=False, comment="open, completed or not_completed"),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("display_number", sa.Text()),
        sa.Column("category", sa.Text()),
        sa.Column("region", sa.Text()),
        sa.Column("customer_id", sa.Text()),
        sa.Column("customer_name", sa.Text()),
        sa.Column("provider_id", sa.Text()),
        sa.Column("provider_name", sa.Text()),
        sa.Column("start_price", sa.Numeric(24, 4), comment="of the whole lot"),
        sa.Column("deal_price", sa.Numeric(24, 4), comment="of the whole lot; null until it is closed"),
        sa.Column("currency", sa.Text()),
        sa.Column("bidders", sa.Integer()),
        sa.Column("is_budget", sa.Boolean()),
        sa.Column("starts_at", sa.DateTime(timezone=True)),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("deal_at", sa.DateTime(timezone=True)),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_page_id", sa.BigInteger(), nullable=False, comment="raw page of the values shown here"),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_lots")),
        sa.UniqueConstraint("source", "lot_type", "external_id", name=op.f("uq_lots_source_lot_type_external_id")),
        schema="core",
    )
    op.create_index("ix_lots_deal_at", "lots", ["deal_at"], schema="core")
    op.create_table(
        "lot_items",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="1-based position within the lot"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("quantity", sa.Numeric(24, 6)),
        sa.Column("unit", sa.Text()),
        sa.Column("unit_price", sa.Numeric(24, 4), comment="for one unit"),
        sa.Column("cost", sa.Numeric(24, 4)),
        sa.Column("currency", sa.Text(), comment="null: the lot's"),
        sa.Column("country", sa.Text()),
        sa.Column("attributes", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["core.lots.lot_id"], name=op.f("fk_lot_items_lot_id_lots"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lot_id", "number", name=op.f("pk_lot_items")),
        schema="core",
    )


def downgrade() -> None:
    op.drop_table("lot_items", schema="core")
    op.drop_table("lots", schema="core")
