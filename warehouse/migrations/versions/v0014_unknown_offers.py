"""Things shown without a price before a page that prices them was read; the pages that show such things.

Revision: 0014, after 0013. Frozen: later changes are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unknown_offers",
        sa.Column("page_id", sa.BigInteger(), nullable=False, comment="raw page that shows it without a price"),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False, comment="of the page"),
        sa.Column("availability", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("page_id", "external_id", name=op.f("pk_unknown_offers")),
        schema="ops",
    )
    op.create_index("ix_unknown_offers_source_external", "unknown_offers", ["source", "external_id"], schema="ops")
    op.create_index(
        "ix_page_readings_unpriced",
        "page_readings",
        ["source", "fetched_at"],
        schema="ops",
        postgresql_where=sa.text("unpriced > 0"),
    )


def downgrade() -> None:
    op.drop_index("ix_page_readings_unpriced", "page_readings", schema="ops")
    op.drop_table("unknown_offers", schema="ops")
