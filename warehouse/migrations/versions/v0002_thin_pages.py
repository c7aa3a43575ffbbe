"""Remember what a page left unsaid: fields carried on from older pages, and observations without a total.

Revision: 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "listings",
        sa.Column(
            "carried",
            sa.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="fields that the newest page did not say: kept from an older one",
        ),
        schema="core",
    )
    op.add_column(
        "page_readings",
        sa.Column("thin_ids", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        schema="ops",
    )
    op.create_index(
        "ix_page_readings_thin",
        "page_readings",
        ["source", "fetched_at"],
        schema="ops",
        postgresql_where=sa.text("thin_ids <> '{}'"),
    )


def downgrade() -> None:
    op.drop_index("ix_page_readings_thin", "page_readings", schema="ops")
    op.drop_column("page_readings", "thin_ids", schema="ops")
    op.drop_column("listings", "carried", schema="core")
