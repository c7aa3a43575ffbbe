"""A month's partition of the price history written anew: one table in the order of its listings, its indexes full.

Belongs here: replacing the partition. Does not: which rows stay (``compaction``), packing them (``closing``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from time import sleep

import psycopg
from psycopg import sql

from warehouse.locks import HISTORY, hold_history
from warehouse.partitions import for_values, next_month, partition_name

TABLE = HISTORY
_WHOLE = sql.Identifier(*TABLE.split("."))

# Together well under the time that loads wait for a lock (warehouse.connect).
_ATTEMPTS = 10
_WAIT_MILLISECONDS = 2_000
_PAUSE_SECONDS = 0.3

# The key of core.price_history; attaching takes it for the parent's.
_FULL_KEY = """
alter table {new} add primary key (listing_id, observed_at)
include (price_minor, total_minor, currency, availability) with (fillfactor = 100)
"""


class MonthError(ValueError):
    """A month that cannot be written anew; the message says why."""


def lock_month(conn: psycopg.Connection, month: date, *, today: date) -> date:
    """Let all writers of the history wait until the transaction ends, and its readers go on; return the first day.

    Raises:
        MonthError: when the month is not over or has no partition.
    """
    first = month.replace(day=1)
    if next_month(first) > today:
        raise MonthError(f"{first:%Y-%m} is not over; only closed months are written anew")
    if conn.execute("select to_regclass(%s)", (partition_name(TABLE, first),)).fetchone() == (None,):
        raise MonthError(f"there is no history of {first:%Y-%m}")
    hold_history(conn)
    return first


def identifier(month: date) -> sql.Identifier:
    """Return the month's partition as SQL."""
    return sql.Identifier(*partition_name(TABLE, month).split("."))


def measure(conn: psycopg.Connection, month: date) -> tuple[int, int]:
    """Return the month's rows, and its bytes with indexes."""
    query = sql.SQL(
        "select (select count(*) from {}),"
        " (select sum(pg_total_relation_size(relid))::bigint from pg_partition_tree(%s))"
    )
    found = conn.execute(query.format(identifier(month)), (partition_name(TABLE, month),)).fetchone()
    return (0, 0) if found is None else (found[0], found[1])


def replace_month(conn: psycopg.Connection, month: date, fill: str) -> None:
    """Put a new table in the place of the month's partition and its parts, in the transaction of ``lock_month``.

    Args:
        conn: a connection.
        month: first of the month.
        fill: an insert into ``{new}`` from ``{old}`` and what it likes of ``{whole}``, by listing and time.

    Raises:
        MonthError: when somebody reads the history for so long that the place cannot be taken.
    """
    old = identifier(month)
    schema, _, table = partition_name(TABLE, month).partition(".")
    names: Mapping[str, sql.Composable] = {
        "old": old,
        "new": sql.Identifier(schema, f"{table}_anew"),
        "whole": _WHOLE,
        "name": sql.Identifier(table),
        "bounds": for_values(month, next_month(month)),
    }
    for statement in (
        "create table {new} (like {whole} including all excluding indexes)",
        fill,
        # After the rows and full: these months are read, and hardly ever added to.
        _FULL_KEY,
        "create index on {new} using brin (observed_at)",
    ):
        conn.execute(sql.SQL(statement).format(**names))
    for attempt in range(_ATTEMPTS):
        if attempt:
            sleep(_PAUSE_SECONDS)
        try:
            with conn.transaction():
                _take_place(conn, names)
        except psycopg.errors.LockNotAvailable:
            continue
        return
    raise MonthError(
        f"the price history is being read by a long query (an export, a backup, dbt), so {month:%Y-%m} was left as it"
        " was; try again once that is over, or leave it to the next night"
    )


def _take_place(conn: psycopg.Connection, names: Mapping[str, sql.Composable]) -> None:
    # Who waits for the whole table lets no new reader in: so it waits shortly, and often.
    conn.execute("select set_config('lock_timeout', %s, true)", (f"{_WAIT_MILLISECONDS}",))
    conn.execute(sql.SQL("lock table only {whole} in access exclusive mode").format(**names))
    for statement in (
        "alter table {whole} detach partition {old}",
        "drop table {old}",
        "alter table {new} rename to {name}",
        "alter table {whole} attach partition {old} {bounds}",
    ):
        conn.execute(sql.SQL(statement).format(**names))
