"""What a year of checks asks for: keys that answer alone, prices held for review, listings that went missing.

Revision: 0006, after 0005. Frozen: later changes are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table core.listings drop constraint uq_listings_source_external_id")
    op.execute(
        "alter table core.listings add constraint uq_listings_source_external_id"
        " unique (source, external_id) include (listing_id)"
    )
    op.add_column(
        "listing_state",
        sa.Column(
            "has_carried",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="core.listings.carried is not empty",
        ),
        schema="core",
    )
    op.execute(
        "update core.listing_state s set has_carried = true from core.listings l"
        " where l.listing_id = s.listing_id and l.carried <> '{}'"
    )
    # Half a page stays free, so that the heartbeats of all its rows fit beside them: no index is touched.
    op.execute("alter table core.listing_state set (fillfactor = 50)")
    _create_absences()
    _create_reviews()


def downgrade() -> None:
    op.drop_table("price_reviews", schema="ops")
    op.drop_table("listing_absences", schema="core")
    op.execute("alter table core.listing_state set (fillfactor = 70)")
    op.drop_column("listing_state", "has_carried", schema="core")
    op.execute("alter table core.listings drop constraint uq_listings_source_external_id")
    op.execute("alter table core.listings add constraint uq_listings_source_external_id unique (source, external_id)")


def _create_absences() -> None:
    op.create_table(
        "listing_absences",
        sa.Column("watch_id", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=False, comment="first run that missed it"),
        sa.Column("last_missed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False, comment="complete runs in a row that reached its place"),
        sa.Column(
            "successors",
            sa.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="listings shown after it when it was last seen: where one of them is shown, its place was reached",
        ),
        sa.Column("gone_at", sa.DateTime(timezone=True), comment="missing_since, once it counts as gone"),
        sa.Column("confidence", sa.Double(), comment="that it is gone, 0 to 1"),
        sa.Column("returned_at", sa.DateTime(timezone=True), comment="seen again after all"),
        sa.PrimaryKeyConstraint("watch_id", "listing_id", name=op.f("pk_listing_absences")),
        sa.ForeignKeyConstraint(
            ["watch_id"],
            ["app.watches.watch_id"],
            name=op.f("fk_listing_absences_watch_id_watches"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["core.listings.listing_id"],
            name=op.f("fk_listing_absences_listing_id_listings"),
            ondelete="CASCADE",
        ),
        schema="core",
    )
    op.create_index("ix_listing_absences_listing", "listing_absences", ["listing_id"], schema="core")


def _create_reviews() -> None:
    op.create_table(
        "price_reviews",
        sa.Column("review_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("page_id", sa.BigInteger(), nullable=False, comment="raw page that showed the price"),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger()),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("availability", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="see domain.plausibility"),
        sa.Column("known_minor", sa.BigInteger(), nullable=False, comment="price known before, in known_currency"),
        sa.Column("known_currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_price_reviews")),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["core.listings.listing_id"],
            name=op.f("fk_price_reviews_listing_id_listings"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("listing_id", "observed_at", name=op.f("uq_price_reviews_listing_id_observed_at")),
        sa.CheckConstraint(
            "state in ('open', 'released', 'rejected', 'withdrawn')", name=op.f("ck_price_reviews_state")
        ),
        schema="ops",
    )
    op.create_index(
        "ix_price_reviews_open",
        "price_reviews",
        ["observed_at"],
        schema="ops",
        postgresql_where=sa.text("state = 'open'"),
    )
