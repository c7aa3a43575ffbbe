"""Months of the price history once more, packed; block indexes of pages and readings by time.

Revision: 0012, after 0011. Frozen: later changes are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "price_history_packed",
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False, comment="first of the UTC month"),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("availability", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.ARRAY(sa.DateTime(timezone=True)), nullable=False, comment="oldest first"),
        sa.Column(
            "payable_minor",
            sa.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="total_minor, or price_minor where it is not known; for each observed_at",
        ),
        sa.PrimaryKeyConstraint(
            "listing_id", "month", "currency", "availability", name=op.f("pk_price_history_packed")
        ),
        schema="core",
    )
    op.create_table(
        "packed_months",
        sa.Column("month", sa.Date(), nullable=False, comment="first of the UTC month"),
        sa.Column(
            "until", sa.Date(), nullable=False, comment="the days before it are packed: all, once the month is closed"
        ),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("packed_rows", sa.BigInteger(), nullable=False),
        sa.Column("packed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_packed_months")),
        schema="ops",
    )
    op.create_index("ix_pages_fetched_at", "pages", ["fetched_at"], schema="raw", postgresql_using="brin")
    op.create_index(
        "ix_page_readings_fetched_at", "page_readings", ["fetched_at", "day"], schema="ops", postgresql_using="brin"
    )
    op.execute(
        """
        create function core.unpack_month_of_row() returns trigger language plpgsql as $$
        begin
            if tg_op = 'DELETE' and current_setting('pricescope.packed_follows', true) = 'on' then
                return null;
            end if;
            delete from ops.packed_months
            where month in (
                date_trunc('month', old.observed_at at time zone 'UTC'),
                date_trunc('month', new.observed_at at time zone 'UTC')
            );
            return null;
        end
        $$
        """
    )


def downgrade() -> None:
    # With the triggers of closed months, which call it.
    op.execute("drop function core.unpack_month_of_row() cascade")
    op.drop_index("ix_page_readings_fetched_at", "page_readings", schema="ops")
    op.drop_index("ix_pages_fetched_at", "pages", schema="raw")
    op.drop_table("packed_months", schema="ops")
    op.drop_table("price_history_packed", schema="core")
