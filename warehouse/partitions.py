"""Monthly range partitions of ``raw.pages`` and ``core.price_history``: made ahead, dropped when expired.

Belongs here: partition DDL. Does not: deleting single rows (see retention), putting a month together (see closing).
Bounds are midnights UTC on the first of the month, whatever the session's time zone.

A month of ``core.price_history`` is partitioned again, by ``PART_STARTS``: a day's rows are scattered over the index of
what they are added to, and each of its pages is logged whole at its first change after a checkpoint. So the log of a
day grows with the days that lie in the same index.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import msgspec
import psycopg
from psycopg import sql

from warehouse.locks import HISTORY, hold_history

PARTITIONED = ("raw.pages", HISTORY)
MONTHS_AHEAD = 2
# Days of the month on which a part of the price history begins. More parts: less log, more places to look in.
PART_STARTS = (1, 6, 11, 16, 21, 26)
_DDL_LOCK = "pricescope.partitions"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a month of the price history: its table, its first day and the day after its last, UTC."""

    name: str
    first: date
    end: date


def ensure_partitions(conn: psycopg.Connection, first: date, last: date) -> list[str]:
    """Make the partitions that days ``first`` to ``last`` need, in every partitioned table.

    Reading and writing go on meanwhile (a partition is made apart and attached); concurrent calls wait in turn.

    Returns:
        Names of the partitions made, e.g. ``core.price_history_2026_11``; empty when all were there.
    """
    wanted = [(table, month) for table in PARTITIONED for month in _months(first, last)]
    if not _missing(conn, wanted):
        return []
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (_DDL_LOCK,))
        missing = _missing(conn, wanted)
        for table, month in missing:
            _create(conn, table, month)
    return [partition_name(table, month) for table, month in missing]


def ensure_partitions_ahead(conn: psycopg.Connection, today: date) -> list[str]:
    """Make the partitions of this month and of the ``MONTHS_AHEAD`` months after it."""
    last = today
    for _ in range(MONTHS_AHEAD):
        last = next_month(last)
    return ensure_partitions(conn, today, last)


def expired_months(conn: psycopg.Connection, table: str, keep_days: int, today: date) -> list[date]:
    """Return the months of partitions whose every row is older than ``keep_days`` before ``today``, oldest first.

    Args:
        conn: a connection.
        table: ``raw.pages`` or ``core.price_history``.
        keep_days: whole days to keep, today not counted.
        today: the UTC day it is.

    Raises:
        ValueError: for a table that is not partitioned.
    """
    if table not in PARTITIONED:
        raise ValueError(f"{table} is not partitioned by month; choose one of {', '.join(PARTITIONED)}")
    oldest_kept = today - timedelta(days=keep_days)
    return [month for month in partition_months(conn, table) if next_month(month) <= oldest_kept]


def partition_months(conn: psycopg.Connection, table: str) -> list[date]:
    """Return the months that a partitioned table has partitions of, oldest first."""
    prefix = table.partition(".")[2]
    names = conn.execute(
        "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = %s::regclass"
        " order by 1",
        (table,),
    ).fetchall()
    return [datetime.strptime(name.removeprefix(f"{prefix}_"), "%Y_%m").replace(tzinfo=UTC).date() for (name,) in names]


def drop_month(
    conn: psycopg.Connection, table: str, month: date, *, still_wanted: Callable[[], bool] = lambda: True
) -> bool:
    """Drop a month's partition whole; False when ``still_wanted``, asked once nobody can write to it, says no."""
    name = sql.Identifier(*partition_name(table, month).split("."))
    with conn.transaction():
        if table == HISTORY:
            hold_history(conn)
        # Afterwards: a load may make partitions in its turn.
        conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (_DDL_LOCK,))
        conn.execute(sql.SQL("lock table {} in share row exclusive mode").format(name))
        if not still_wanted():
            return False
        conn.execute(sql.SQL("drop table {}").format(name))
    return True


def partition_name(table: str, day: date) -> str:
    """Return the partition of ``table`` that holds ``day``, e.g. ``raw.pages_2026_11``."""
    return f"{table}_{day:%Y_%m}"


def _months(first: date, last: date) -> list[date]:
    months = [first.replace(day=1)]
    while next_month(months[-1]) <= last:
        months.append(next_month(months[-1]))
    return months


def next_month(day: date) -> date:
    """Return the first day of the month after that of ``day``."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _missing(conn: psycopg.Connection, wanted: list[tuple[str, date]]) -> list[tuple[str, date]]:
    names = [partition_name(table, month) for table, month in wanted]
    present = conn.execute(
        "select n from unnest(%s::text[]) n join pg_inherits i on i.inhrelid = to_regclass(n)", (names,)
    ).fetchall()
    found = {name for (name,) in present}
    return [item for item, name in zip(wanted, names, strict=True) if name not in found]


def _create(conn: psycopg.Connection, table: str, month: date) -> None:
    child = sql.Identifier(*partition_name(table, month).split("."))
    whole = sql.Identifier(*table.split("."))
    # LIKE + ATTACH waits for no reader or writer of the parent, unlike CREATE TABLE ... PARTITION OF.
    create = sql.SQL("create table {} (like {} including all excluding identity)").format(child, whole)
    if table != HISTORY:
        conn.execute(create)
    else:
        conn.execute(create + sql.SQL(" partition by range (observed_at)"))
        for part in parts_of(month):
            conn.execute(
                sql.SQL("create table {} partition of {} {}").format(
                    sql.Identifier(*part.name.split(".")), child, for_values(part.first, part.end)
                )
            )
    conn.execute(
        sql.SQL("alter table {} attach partition {} {}").format(whole, child, for_values(month, next_month(month)))
    )


def for_values(first: date, end: date) -> sql.Composed:
    """Return SQL for the bounds of a partition from a day to before another, both midnight UTC."""
    return sql.SQL("for values from ({}) to ({})").format(
        sql.Literal(f"{first:%Y-%m-%d} 00:00+00"), sql.Literal(f"{end:%Y-%m-%d} 00:00+00")
    )


def parts_of(month: date) -> list[Part]:
    """Return the parts in which a month of the price history is written, oldest first."""
    starts = [month.replace(day=day) for day in PART_STARTS]
    name = partition_name(HISTORY, month)
    return [
        Part(name=f"{name}_{first:%d}", first=first, end=end)
        for first, end in zip(starts, [*starts[1:], next_month(month)], strict=True)
    ]
