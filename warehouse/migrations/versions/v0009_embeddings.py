"""What models make of the listings: vectors, photos, clusters, price models, fair prices.

Revision: 0009, after 0008. Frozen: later changes are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = (
    "photos",
    "price_models",
    "cluster_runs",
    "cluster_transitions",
    "clusters",
    "embeddings",
    "fair_prices",
    "cluster_members",
)


class HalfVector(UserDefinedType[object]):
    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "HALFVEC"


def upgrade() -> None:
    _require_half_vectors()
    op.execute("create schema if not exists ml")
    op.create_table(
        "photos",
        sa.Column("url_sha256", sa.LargeBinary(), nullable=False, comment="of the address, its signature left out"),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), comment="of the bytes; null: could not be had"),
        sa.Column("perceptual_hash", sa.BigInteger(), comment="pHash, its 64 bits read as a signed number"),
        sa.Column("mirrored_hash", sa.BigInteger(), comment="the same of the mirror image"),
        sa.Column("is_flat", sa.Boolean(), comment="nearly of one colour: its hashes say nothing"),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("error", sa.Text(), server_default="", nullable=False, comment="why it could not be had"),
        sa.Column("attempts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("url_sha256", name=op.f("pk_photos")),
        schema="ml",
    )
    op.create_index("ix_photos_perceptual_hash", "photos", ["perceptual_hash"], schema="ml")
    op.create_table(
        "price_models",
        sa.Column("price_model_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("scope", sa.Text(), server_default="all", nullable=False, comment="what it is trained over"),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("params", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column(
            "model_ids", sa.ARRAY(sa.Text()), server_default="{}", nullable=False, comment="of the embeddings it reads"
        ),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("n_train", sa.Integer(), server_default="0", nullable=False),
        sa.Column("n_calibration", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trained_until", sa.DateTime(timezone=True), comment="nothing first seen after it was used"),
        sa.Column("calibrated_from", sa.DateTime(timezone=True)),
        sa.Column("metrics", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("artifact", sa.LargeBinary(), comment="what scoring needs; its format is named in params"),
        sa.CheckConstraint("state in ('running', 'success', 'failure')", name=op.f("ck_price_models_state")),
        sa.PrimaryKeyConstraint("price_model_id", name=op.f("pk_price_models")),
        schema="ml",
    )
    op.create_index("ix_price_models_scope_started", "price_models", ["scope", "started_at"], schema="ml")
    op.create_table(
        "cluster_runs",
        sa.Column("cluster_run_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("watch_id", sa.BigInteger(), comment="null: over all"),
        sa.Column("method", sa.Text(), nullable=False, comment="how clusters were made; its parameters are in params"),
        sa.Column("params", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("model_ids", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("n_listings", sa.Integer(), server_default="0", nullable=False),
        sa.Column("n_clusters", sa.Integer(), server_default="0", nullable=False),
        sa.Column("n_unique", sa.Integer(), server_default="0", nullable=False, comment="listings in no cluster"),
        sa.Column("metrics", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.CheckConstraint("state in ('running', 'success', 'failure')", name=op.f("ck_cluster_runs_state")),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["app.watches.watch_id"], name=op.f("fk_cluster_runs_watch_id_watches"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("cluster_run_id", name=op.f("pk_cluster_runs")),
        schema="ml",
    )
    op.create_index("ix_cluster_runs_watch_started", "cluster_runs", ["watch_id", "started_at"], schema="ml")
    op.create_table(
        "cluster_transitions",
        sa.Column("cluster_transition_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cluster_run_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_id", sa.Uuid(), comment="cluster before the run; null where born"),
        sa.Column("to_id", sa.Uuid(), comment="cluster after it; null where dead"),
        sa.Column("overlap", sa.Double(), comment="Jaccard index of the members both runs know"),
        sa.CheckConstraint(
            "kind in ('survive', 'split', 'merge', 'born', 'dead')", name=op.f("ck_cluster_transitions_kind")
        ),
        sa.ForeignKeyConstraint(
            ["cluster_run_id"],
            ["ml.cluster_runs.cluster_run_id"],
            name=op.f("fk_cluster_transitions_cluster_run_id_cluster_runs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("cluster_transition_id", name=op.f("pk_cluster_transitions")),
        schema="ml",
    )
    op.create_index("ix_cluster_transitions_from", "cluster_transitions", ["from_id"], schema="ml")
    op.create_index("ix_cluster_transitions_run", "cluster_transitions", ["cluster_run_id"], schema="ml")
    op.create_table(
        "clusters",
        sa.Column("cluster_id", sa.Uuid(), nullable=False, comment="the same from run to run while the cluster lives"),
        sa.Column("watch_id", sa.BigInteger(), comment="null: over all"),
        sa.Column(
            "level", sa.Text(), nullable=False, comment="product: the same thing; theme: things alike, never priced"
        ),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column(
            "terms",
            sa.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="words that set it apart, best first",
        ),
        sa.Column("representative_id", sa.BigInteger()),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("median_price", sa.Numeric(precision=18, scale=4), comment="payable"),
        sa.Column("currency", sa.Text()),
        sa.Column("cohesion", sa.Double(), comment="mean probability that two of its members are the same thing"),
        sa.Column("born_run_id", sa.BigInteger()),
        sa.Column("died_run_id", sa.BigInteger()),
        sa.Column("merged_into_id", sa.Uuid(), comment="where links to a dead cluster lead"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("level in ('product', 'theme')", name=op.f("ck_clusters_level")),
        sa.ForeignKeyConstraint(
            ["born_run_id"],
            ["ml.cluster_runs.cluster_run_id"],
            name=op.f("fk_clusters_born_run_id_cluster_runs"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["died_run_id"],
            ["ml.cluster_runs.cluster_run_id"],
            name=op.f("fk_clusters_died_run_id_cluster_runs"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"],
            ["ml.clusters.cluster_id"],
            name=op.f("fk_clusters_merged_into_id_clusters"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["representative_id"],
            ["core.listings.listing_id"],
            name=op.f("fk_clusters_representative_id_listings"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["app.watches.watch_id"], name=op.f("fk_clusters_watch_id_watches"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("cluster_id", name=op.f("pk_clusters")),
        schema="ml",
    )
    op.create_index("ix_clusters_representative", "clusters", ["representative_id"], schema="ml")
    op.create_index("ix_clusters_watch_level", "clusters", ["watch_id", "level"], schema="ml")
    op.create_table(
        "embeddings",
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="title, description or image"),
        sa.Column("model_id", sa.Text(), nullable=False, comment="name@weights/engine"),
        sa.Column(
            "content_sha256", sa.LargeBinary(), nullable=False, comment="of the UTF-8 text, or of the photo's bytes"
        ),
        sa.Column("vec", HalfVector(), nullable=False, comment="unit length"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('title', 'description', 'image')", name=op.f("ck_embeddings_kind")),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["core.listings.listing_id"],
            name=op.f("fk_embeddings_listing_id_listings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("listing_id", "kind", "model_id", name=op.f("pk_embeddings")),
        schema="ml",
    )
    op.create_index("ix_embeddings_content", "embeddings", ["content_sha256", "model_id"], schema="ml")
    op.create_table(
        "fair_prices",
        sa.Column("watch_id", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("price_model_id", sa.BigInteger()),
        sa.Column("model_id", sa.Text(), comment="of the embeddings it read"),
        sa.Column("listing_kind", sa.Text(), server_default="normal", nullable=False),
        sa.Column("price", sa.Numeric(precision=18, scale=4), nullable=False, comment="payable price that was judged"),
        sa.Column("currency", sa.Text(), nullable=False, comment="of all amounts here"),
        sa.Column("expected", sa.Numeric(precision=18, scale=4)),
        sa.Column("low", sa.Numeric(precision=18, scale=4), comment="of the 90 % interval"),
        sa.Column("high", sa.Numeric(precision=18, scale=4)),
        sa.Column("discount_percent", sa.Numeric(precision=7, scale=2)),
        sa.Column(
            "p_value", sa.Double(), comment="share of calibration prices at least as low against what was expected"
        ),
        sa.Column("score", sa.Double()),
        sa.Column("n_effective", sa.Double(), comment="effective number of comparables"),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column(
            "comparables", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False, comment="five, nearest first"
        ),
        sa.Column(
            "notes",
            JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="guards that fired, and why",
        ),
        sa.Column("estimated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["core.listings.listing_id"],
            name=op.f("fk_fair_prices_listing_id_listings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["price_model_id"],
            ["ml.price_models.price_model_id"],
            name=op.f("fk_fair_prices_price_model_id_price_models"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["app.watches.watch_id"], name=op.f("fk_fair_prices_watch_id_watches"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("watch_id", "listing_id", name=op.f("pk_fair_prices")),
        schema="ml",
    )
    op.create_index("ix_fair_prices_listing", "fair_prices", ["listing_id"], schema="ml")
    op.create_table(
        "cluster_members",
        sa.Column("cluster_run_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("cluster_id", sa.Uuid(), comment="null: unique (noise)"),
        sa.Column("probability", sa.Double(), comment="mean over the members that it is the same thing"),
        sa.Column("distance", sa.Double(), comment="to the cluster's centroid"),
        sa.Column("is_representative", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "assigned_by", sa.Text(), server_default="full", nullable=False, comment="full run, or incremental after it"
        ),
        sa.Column("assigned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("assigned_by in ('full', 'incremental')", name=op.f("ck_cluster_members_assigned_by")),
        sa.CheckConstraint("level in ('product', 'theme')", name=op.f("ck_cluster_members_level")),
        sa.ForeignKeyConstraint(
            ["cluster_id"],
            ["ml.clusters.cluster_id"],
            name=op.f("fk_cluster_members_cluster_id_clusters"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["cluster_run_id"],
            ["ml.cluster_runs.cluster_run_id"],
            name=op.f("fk_cluster_members_cluster_run_id_cluster_runs"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["core.listings.listing_id"],
            name=op.f("fk_cluster_members_listing_id_listings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("cluster_run_id", "level", "listing_id", name=op.f("pk_cluster_members")),
        schema="ml",
    )
    op.create_index("ix_cluster_members_cluster", "cluster_members", ["cluster_id"], schema="ml")
    op.create_index("ix_cluster_members_listing", "cluster_members", ["listing_id"], schema="ml")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"drop table ml.{table}")
    op.execute("drop schema ml")


def _require_half_vectors() -> None:
    """Make the extension that 0001 could not, and fail with what to do where it is missing or too old."""
    connection = op.get_bind()
    with connection.begin_nested() as attempt:
        try:
            connection.execute(sa.text("create extension if not exists vector"))
        except sa.exc.DBAPIError:
            attempt.rollback()
    if connection.execute(sa.text("select to_regtype('halfvec') is null")).scalar():
        raise RuntimeError(
            "This PostgreSQL has no pgvector, or one older than 0.7. Install it on the server, let a superuser run"
            " `create extension vector` (or `alter extension vector update`) in this database, then start again; or"
            " leave DATABASE_URL unset to use the embedded PostgreSQL, which has it."
        )
