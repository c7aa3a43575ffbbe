"""Check each watch at an interval of its own.

Revision: 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "watches",
        sa.Column(
            "check_every_minutes",
            sa.Integer(),
            comment="interval its owner asks for; null: planned, see ops.watch_cadence",
        ),
        schema="app",
    )
    op.create_table(
        "watch_cadence",
        sa.Column("watch_id", sa.BigInteger(), nullable=False),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("arrivals_per_day", sa.Double(), nullable=False, comment="new and changed listings expected a day"),
        sa.Column("requests_per_check", sa.Double(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), comment="null: now"),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("watch_id", name=op.f("pk_watch_cadence")),
        sa.ForeignKeyConstraint(
            ["watch_id"],
            ["app.watches.watch_id"],
            name=op.f("fk_watch_cadence_watch_id_watches"),
            ondelete="CASCADE",
        ),
        schema="ops",
    )


def downgrade() -> None:
    op.drop_table("watch_cadence", schema="ops")
    op.drop_column("watches", "check_every_minutes", schema="app")
