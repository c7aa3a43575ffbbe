"""The model rule: a watch's budget of false alarms; models that refuse to alert; what identifies a model.

Revision: 0010, after 0009. Frozen: later changes are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "watches",
        sa.Column(
            "false_alarms_per_1000",
            sa.Numeric(precision=6, scale=3),
            server_default="5",
            nullable=False,
            comment="of new listings, accepted by the model rule",
        ),
        schema="app",
    )
    op.add_column("price_models", sa.Column("sha256", sa.Text(), comment="of the artifact, hexadecimal"), schema="ml")
    op.add_column(
        "price_models",
        sa.Column("coverage", sa.Double(), comment="share of the last window's prices inside their 90 % intervals"),
        schema="ml",
    )
    op.drop_constraint(op.f("ck_price_models_state"), "price_models", schema="ml")
    op.create_check_constraint(
        op.f("ck_price_models_state"),
        "price_models",
        "state in ('running', 'success', 'refused', 'failure')",
        schema="ml",
    )


def downgrade() -> None:
    op.execute("update ml.price_models set state = 'failure' where state = 'refused'")
    op.drop_constraint(op.f("ck_price_models_state"), "price_models", schema="ml")
    op.create_check_constraint(
        op.f("ck_price_models_state"), "price_models", "state in ('running', 'success', 'failure')", schema="ml"
    )
    op.drop_column("price_models", "coverage", schema="ml")
    op.drop_column("price_models", "sha256", schema="ml")
    op.drop_column("watches", "false_alarms_per_1000", schema="app")
