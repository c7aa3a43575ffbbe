"""Closed months of the price history in short, and views for reviews of size, index use and slow statements.

Revision: 0007, after 0006. Frozen: later changes are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_VIEWS = {
    "core.price_history_days": """
select h.listing_id, (h.observed_at at time zone 'UTC')::date as day, h.observed_at, h.price_minor, h.total_minor,
       h.currency, h.availability
from core.price_history h
union all
select m.listing_id, d.day, null, b.price_minor, b.total_minor, b.currency, b.availability
from core.price_history_months m
cross join lateral (
    select m.month + n as day from generate_series(0, 30) n where m.days >> n & 1 = 1
) d
cross join lateral (
    select h.* from core.price_history h
    where h.listing_id = m.listing_id and h.observed_at < (d.day + 1)::timestamp at time zone 'UTC'
    order by h.observed_at desc limit 1
) b
where b.observed_at < d.day::timestamp at time zone 'UTC'
""",
    "ops.table_sizes": """
select n.nspname as schema_name, c.relname as table_name, c.relispartition as is_partition,
       greatest(c.reltuples, 0)::bigint as estimated_rows, pg_relation_size(c.oid) as heap_bytes,
       pg_indexes_size(c.oid) as index_bytes, pg_total_relation_size(c.oid) as total_bytes,
       s.n_dead_tup as dead_rows, greatest(s.last_vacuum, s.last_autovacuum) as last_vacuumed_at,
       greatest(s.last_analyze, s.last_autoanalyze) as last_analysed_at
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_stat_all_tables s on s.relid = c.oid
where c.relkind in ('r', 'm') and n.nspname in ('raw', 'core', 'app', 'ops', 'marts', 'ml')
""",
    "ops.index_use": """
select s.schemaname as schema_name, s.relname as table_name, s.indexrelname as index_name, s.idx_scan as scans,
       s.idx_tup_read as entries_read, s.idx_tup_fetch as rows_fetched, pg_relation_size(s.indexrelid) as index_bytes,
       i.indisunique as is_unique, pg_get_indexdef(s.indexrelid) as definition
from pg_stat_user_indexes s
join pg_index i on i.indexrelid = s.indexrelid
""",
    "ops.running_statements": """
select pid, application_name, state, now() - query_start as running_for, wait_event_type, wait_event,
       pg_blocking_pids(pid) as blocked_by, left(query, 500) as statement
from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle' and query_start is not null
""",
}


def upgrade() -> None:
    op.create_table(
        "price_history_months",
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False, comment="first of the UTC month"),
        sa.Column("days", sa.Integer(), nullable=False, comment="bit n set: observed on day n + 1 of the month"),
        sa.Column("checks", sa.Integer(), nullable=False, comment="pages that showed it in the month"),
        sa.PrimaryKeyConstraint("listing_id", "month", name=op.f("pk_price_history_months")),
        schema="core",
    )
    op.create_table(
        "compacted_months",
        sa.Column("month", sa.Date(), nullable=False, comment="first of the UTC month"),
        sa.Column("rows_before", sa.BigInteger(), nullable=False),
        sa.Column("rows_after", sa.BigInteger(), nullable=False),
        sa.Column("bytes_before", sa.BigInteger(), nullable=False),
        sa.Column("bytes_after", sa.BigInteger(), nullable=False),
        sa.Column("compacted_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_compacted_months")),
        schema="ops",
    )
    for name, query in _VIEWS.items():
        op.execute(f"create view {name} as {query}")


def downgrade() -> None:
    for name in _VIEWS:
        op.execute(f"drop view {name}")
    op.drop_table("compacted_months", schema="ops")
    op.drop_table("price_history_months", schema="core")
