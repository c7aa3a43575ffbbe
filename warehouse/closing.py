"""Months of the price history packed, a row for each listing, which holds its month; and put in order once they end.

Belongs here: closing a month, and which days are packed. Does not: when (``pipeline.care``), reading them
(``product_history``), removing rows (``compaction``).

A month is written in parts (``partitions.PART_STARTS``), its rows in the order in which they came. Closed, it is one
table in the order of its listings. Its rows are kept a second time as arrays (``core.price_history_packed``): a
listing's month is then one row, its year a dozen, whatever lies between. Those of the open month are packed part by
part. ``core.price_history`` stays the truth: a row written into what is packed takes its month off
``ops.packed_months``, in the same transaction (a trigger of the table it lies in), and the month is read from its rows
until it is packed again. So readers ask ``ops.packed_months`` first.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import psycopg
from psycopg import sql

from warehouse.locks import hold_history
from warehouse.months import TABLE, identifier, lock_month, measure, replace_month
from warehouse.partitions import next_month, partition_months, partition_name, parts_of

_TRIGGER = "price_history_unpack"


class ClosedMonth(msgspec.Struct, frozen=True, kw_only=True):
    """What closing a month did; bytes include indexes, but not the packed rows."""

    month: date
    rows: int
    packed_rows: int
    bytes_before: int
    bytes_after: int


def months_to_close(conn: psycopg.Connection, *, closed_before: date) -> list[date]:
    """Return the months that ended before a day and are neither packed nor compacted, oldest first."""
    done = {
        month
        for (month,) in conn.execute(
            "select month from ops.packed_months where until = month + interval '1 month'"
            " union select month from ops.compacted_months"
        ).fetchall()
    }
    return [one for one in partition_months(conn, TABLE) if next_month(one) <= closed_before and one not in done]


def close_month(conn: psycopg.Connection, month: date, *, today: date) -> ClosedMonth:
    """Put a month in order and pack it; readers go on, loads wait.

    Killed half way, the month is as it was. A month that was closed before is packed anew.

    Args:
        conn: a connection, not in a transaction.
        month: any day of the UTC month.
        today: the UTC day it is.

    Raises:
        warehouse.months.MonthError: when the month is not over, has no partition or is being read for too long.
    """
    with conn.transaction():
        first = lock_month(conn, month, today=today)
        rows, bytes_before = measure(conn, first)
        if not _is_watched(conn, partition_name(TABLE, first)):
            replace_month(conn, first, _IN_ORDER)
            _watch(conn, partition_name(TABLE, first))
        packed = _pack(conn, first, next_month(first), rows)
        _, bytes_after = measure(conn, first)
    conn.execute(sql.SQL("vacuum (freeze, analyze) {}").format(identifier(first)))
    conn.execute("vacuum (analyze) core.price_history_packed")
    return ClosedMonth(month=first, rows=rows, packed_rows=packed, bytes_before=bytes_before, bytes_after=bytes_after)


def pack_parts(conn: psycopg.Connection, *, settled: date) -> date | None:
    """Pack the parts of a month that end by a day which lies in it; readers go on, loads wait.

    Args:
        conn: a connection, not in a transaction.
        settled: a UTC day that is over, like the days before it.

    Returns:
        The first day that is not packed; None where nothing was to be done.
    """
    first = settled.replace(day=1)
    ended = [part for part in parts_of(first) if part.end <= settled]
    if not ended or not _is_written(conn, ended[-1].name):
        return None
    until = ended[-1].end
    with conn.transaction():
        hold_history(conn)
        for part in ended:
            if not _is_watched(conn, part.name):
                _watch(conn, part.name)
        found = conn.execute("select until from ops.packed_months where month = %s", (first,)).fetchone()
        if found is not None and found[0] >= until:
            return None
        found = conn.execute(
            "select count(*) from core.price_history where observed_at >= %s and observed_at < %s",
            (_midnight(first), _midnight(until)),
        ).fetchone()
        _pack(conn, first, until, 0 if found is None else found[0])
    for part in ended:
        conn.execute(sql.SQL("vacuum (analyze) {}").format(_table(part.name)))
    conn.execute("vacuum (analyze) core.price_history_packed")
    return until


def unpack_month(conn: psycopg.Connection, month: date) -> None:
    """Forget the packed rows of a month, whose first day is given; it is read from its rows again."""
    conn.execute("delete from ops.packed_months where month = %s", (month,))
    conn.execute("delete from core.price_history_packed where month = %s", (month,))


def _pack(conn: psycopg.Connection, month: date, until: date, rows: int) -> int:
    """Pack a month's days before another day, all anew; return how many packed rows they became."""
    unpack_month(conn, month)
    bounds = {"month": month, "start": _midnight(month), "end": _midnight(until)}
    packed = conn.execute(_PACK, bounds).rowcount
    conn.execute(
        "insert into ops.packed_months (month, until, rows, packed_rows) values (%s, %s, %s, %s)",
        (month, until, rows, packed),
    )
    return packed


def _is_written(conn: psycopg.Connection, table: str) -> bool:
    """Say whether a part is there: months of before there were parts, and closed ones, have none."""
    return conn.execute("select to_regclass(%s) is not null", (table,)).fetchone() == (True,)


def _is_watched(conn: psycopg.Connection, table: str) -> bool:
    """Say whether a table tells ``ops.packed_months`` of its changes. A month's own table does once it is in order."""
    found = conn.execute(
        "select exists (select from pg_trigger where tgname = %s and tgrelid = to_regclass(%s))", (_TRIGGER, table)
    ).fetchone()
    return found == (True,)


def _watch(conn: psycopg.Connection, table: str) -> None:
    conn.execute(sql.SQL(_WATCH).format(trigger=sql.Identifier(_TRIGGER), table=_table(table)))


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


_IN_ORDER = """
insert into {new} select * from {old} order by listing_id, observed_at
"""
_WATCH = """
create trigger {trigger} after insert or update or delete on {table}
for each row execute function core.unpack_month_of_row()
"""
# Currency and availability are nearly always the same all month, so they are told once and not by each entry.
_PACK = """
insert into core.price_history_packed (listing_id, month, currency, availability, observed_at, payable_minor)
select listing_id, %(month)s, currency, availability, array_agg(observed_at order by observed_at),
       array_agg(coalesce(total_minor, price_minor) order by observed_at)
from core.price_history
where observed_at >= %(start)s and observed_at < %(end)s
group by listing_id, currency, availability
order by listing_id
"""
