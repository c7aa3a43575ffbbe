"""Vacuum, and what a review of the database looks at: sizes, index use, running and slow statements.

Belongs here: PostgreSQL's own care and its views (``ops.table_sizes`` and their like). Does not: deleting (retention).
"""

from __future__ import annotations

import contextlib
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
    """Rows of one of the review's queries, with their column names.

    Attributes:
        missing: what the server cannot tell, and what to do so that it can; None where nothing is missing.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    missing: str | None = None


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
        # dbt puts new tables in the place of old ones meanwhile, and retention drops months.
        with contextlib.suppress(psycopg.errors.UndefinedTable):
            conn.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(schema, table)))
    (total,) = conn.execute("select coalesce(sum(total_bytes), 0)::bigint from ops.table_sizes").fetchone() or (0,)
    return Upkeep(tables=len(chosen), dead_rows=sum(row[2] for row in chosen), total_bytes=total)


def table_sizes(conn: psycopg.Connection) -> Report:
    """Return the tables by size, largest first, with rows, dead rows and the last vacuum."""
    return _report(
        conn,
        "select schema_name || '.' || table_name as \"table\", estimated_rows, pg_size_pretty(heap_bytes) as heap,"
        " pg_size_pretty(index_bytes) as indexes, pg_size_pretty(total_bytes) as total, dead_rows,"
        " to_char(last_vacuumed_at, 'YYYY-MM-DD HH24:MI') as last_vacuumed"
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

    Counting needs the extension pg_stat_statements, loaded at the server's start; the embedded server does not have it.
    """
    counted = conn.execute("select 1 from pg_extension where extname = 'pg_stat_statements'").fetchone()
    missing = None if counted else _not_counted(conn)
    if counted:
        try:
            return _report(conn, _COUNTED)
        except psycopg.errors.ObjectNotInPrerequisiteState:
            missing = (
                "pg_stat_statements is not loaded: put it into shared_preload_libraries and restart the server."
                " Until then: what runs now."
            )
    return msgspec.structs.replace(_report(conn, _RUNNING), missing=missing)


def _not_counted(conn: psycopg.Connection) -> str:
    offered = conn.execute("select 1 from pg_available_extensions where name = 'pg_stat_statements'").fetchone()
    if offered is None:
        return (
            "This server has no pg_stat_statements (the embedded one comes without extensions), so what statements cost"
            " in all is not counted; that takes a PostgreSQL of your own (DATABASE_URL). Instead: what runs now."
        )
    return (
        "pg_stat_statements is not set up, so what statements cost in all is not counted: put it into"
        " shared_preload_libraries, restart the server, and run in this database: create extension pg_stat_statements."
        " Until then: what runs now."
    )


_RUNNING = """
select running_for, state, application_name, wait_event, blocked_by, statement
from ops.running_statements order by running_for desc
"""
_COUNTED = """
select calls, round(total_exec_time) as total_ms, round(mean_exec_time::numeric, 2) as mean_ms, rows,
       shared_blks_hit + shared_blks_read as blocks, left(query, 200) as statement
from pg_stat_statements
where dbid = (select oid from pg_database where datname = current_database())
order by total_exec_time desc limit 50
"""


def _report(conn: psycopg.Connection, query: str) -> Report:
    cursor = conn.execute(query.encode())
    names: Sequence[str] = [column.name for column in cursor.description or ()]
    return Report(tuple(names), tuple(cursor.fetchall()))
