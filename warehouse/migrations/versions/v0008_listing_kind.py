"""Keep what kind of thing a listing offers, and which kinds a watch wants.

Revision: 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "listings",
        sa.Column("kind", sa.Text(), server_default="normal", nullable=False, comment="see domain.listing_kind"),
        schema="core",
    )
    op.add_column("listings", sa.Column("kind_reason", sa.Text(), comment="a sentence for the owner"), schema="core")
    op.add_column(
        "listings",
        sa.Column("kind_version", sa.Text(), comment="of the word lists that told the kind; null: not told yet"),
        schema="core",
    )
    op.add_column(
        "watches",
        sa.Column(
            "kinds",
            postgresql.ARRAY(sa.Text()),
            server_default="{normal}",
            nullable=False,
            comment="see domain.listing_kind",
        ),
        schema="app",
    )


def downgrade() -> None:
    op.drop_column("watches", "kinds", schema="app")
    for name in ("kind_version", "kind_reason", "kind"):
        op.drop_column("listings", name, schema="core")
