"""Vacuum, and what a review of the database looks at: sizes, index use, running and slow statements.

Belongs here: PostgreSQL's own care and its views (``ops.table_sizes`` and their like). Does not: deleting (retention).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg
from psycopg import sql

SCHEMAS = ("raw", "core", "app", "ops", "marts", "ml")


class Upkeep(msgspec.Struct, frozen=True, kw_only=True):
    """What a vacuum did; bytes of all our tables with their indexes."""

    tables: int
    dead_rows: int
    total_bytes: int


class Report(msgspec.Struct, frozen=True):
    """Rows of one of the review's queries, with their column names."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def vacuum(conn: psycopg.Connection, *, everything: bool = False) -> Upkeep:
    """Vacuum and analyse the tables that changed, or all of them; no reader or writer waits.

    Autovacuum does most of it by itself. What it leaves is the visibility that keeps a year's price history in its
    index: a table that is only added to is vacuumed late.

    Args:
        conn: a connection, not in a transaction, whose statements may take long.
        everything: not only the tables that were written to since they were last vacuumed.
    """
    found = conn.execute(
        """
        select s.schemaname, s.relname, s.n_dead_tup,
               s.n_dead_tup + s.n_ins_since_vacuum > 0 or s.last_analyze is null or c.relallvisible < c.relpages
        from pg_stat_user_tables s join pg_class c on c.oid = s.relid
        where s.schemaname = any(%s) order by 1, 2
        """,
        (list(SCHEMAS),),
    ).fetchall()
    chosen = [row for row in found if everything or row[3]]
    for schema, table, _, _ in chosen:
        conn.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(schema, table)))
    (total,) = conn.execute("select coalesce(sum(total_bytes), 0)::bigint from ops.table_sizes").fetchone() or (0,)
    return Upkeep(tables=len(chosen), dead_rows=sum(row[2] for row in chosen), total_bytes=total)


def table_sizes(conn: psycopg.Connection) -> Report:
    """Return the tables by size, largest first, with rows, dead rows and the last vacuum."""
    return _report(
        conn,
        "select schema_name || '.' || table_name as \"table\", estimated_rows, pg_size_pretty(heap_bytes) as heap,"
        " pg_size_pretty(index_bytes) as indexes, pg_size_pretty(total_bytes) as total, dead_rows, last_vacuumed_at"
        " from ops.table_sizes order by total_bytes desc, 1",
    )


def index_use(conn: psycopg.Connection) -> Report:
    """Return the indexes by how rarely they are read: the largest that nothing reads come first."""
    return _report(
        conn,
        "select schema_name || '.' || table_name as \"table\", index_name, scans, entries_read,"
        " pg_size_pretty(index_bytes) as size, is_unique from ops.index_use order by scans, index_bytes desc, 2",
    )


def slow_statements(conn: psycopg.Connection) -> Report:
    """Return the statements that cost most where the server counts them, else those that run now.

    Counting needs the extension pg_stat_statements, which the embedded server does not have.
    """
    counted = conn.execute("select 1 from pg_extension where extname = 'pg_stat_statements'").fetchone()
    if counted is None:
        return _report(
            conn,
            "select running_for, state, application_name, wait_event, blocked_by, statement"
            " from ops.running_statements order by running_for desc",
        )
    return _report(
        conn,
        "select calls, round(total_exec_time) as total_ms, round(mean_exec_time::numeric, 2) as mean_ms, rows,"
        " shared_blks_hit + shared_blks_read as blocks, left(query, 200) as statement from pg_stat_statements"
        " where dbid = (select oid from pg_database where datname = current_database())"
        " order by total_exec_time desc limit 50",
    )


def _report(conn: psycopg.Connection, query: str) -> Report:
    cursor = conn.execute(query.encode())
    names: Sequence[str] = [column.name for column in cursor.description or ()]
    return Report(tuple(names), tuple(cursor.fetchall()))
