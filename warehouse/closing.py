"""Closed months of the price history put in order, and packed: a row for each listing, which holds its month.

Belongs here: closing a month, and which months are packed. Does not: when (``pipeline.care``), reading them
(``dashboards``), removing rows (``compaction``).

A month is written in parts (``partitions.PART_STARTS``), its rows in the order in which they came. Closed, it is one
table in the order of its listings. Its rows are kept a second time as arrays (``core.price_history_packed``): a
listing's month is then one row, its year a dozen, whatever lies between. ``core.price_history`` stays the truth: a row
written into a packed month takes the month off ``ops.packed_months``, in the same transaction (a trigger of the closed
month's table), and it is read from its rows until it is packed again. So readers ask ``ops.packed_months`` first.
"""

from __future__ import annotations

from datetime import date

import msgspec
import psycopg
from psycopg import sql

from warehouse.months import TABLE, identifier, lock_month, measure, replace_month
from warehouse.partitions import next_month, partition_months

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
            "select month from ops.packed_months union select month from ops.compacted_months"
        ).fetchall()
    }
    return [one for one in partition_months(conn, TABLE) if next_month(one) <= closed_before and one not in done]


def close_month(conn: psycopg.Connection, month: date, *, today: date) -> ClosedMonth:
    """Put a month in order and pack it; readers go on, writers of that month wait.

    Killed half way, the month is as it was. A month that was closed before is packed anew.

    Args:
        conn: a connection, not in a transaction.
        month: any day of the UTC month.
        today: the UTC day it is.

    Raises:
        warehouse.months.MonthError: when the month is not over or has no partition.
    """
    with conn.transaction():
        first = lock_month(conn, month, today=today)
        names = {"old": identifier(first), "trigger": sql.Identifier(_TRIGGER)}
        rows, bytes_before = measure(conn, first)
        if not _is_in_order(conn, first):
            replace_month(conn, first, _IN_ORDER)
            conn.execute(sql.SQL(_WATCH).format(**names))
        unpack_month(conn, first)
        packed = conn.execute(sql.SQL(_PACK).format(**names), {"month": first}).rowcount
        conn.execute(
            "insert into ops.packed_months (month, rows, packed_rows) values (%s, %s, %s)", (first, rows, packed)
        )
        _, bytes_after = measure(conn, first)
    conn.execute(sql.SQL("vacuum (freeze, analyze) {old}").format(**names))
    conn.execute("vacuum (analyze) core.price_history_packed")
    return ClosedMonth(month=first, rows=rows, packed_rows=packed, bytes_before=bytes_before, bytes_after=bytes_after)


def unpack_month(conn: psycopg.Connection, month: date) -> None:
    """Forget the packed rows of a month, whose first day is given; it is read from its rows again."""
    conn.execute("delete from ops.packed_months where month = %s", (month,))
    conn.execute("delete from core.price_history_packed where month = %s", (month,))


def _is_in_order(conn: psycopg.Connection, month: date) -> bool:
    """Say whether the month's table was put in order, and tells ``ops.packed_months`` of changes."""
    found = conn.execute(
        "select exists (select from pg_trigger where tgname = %s and tgrelid = to_regclass(%s))",
        (_TRIGGER, identifier(month).as_string(conn)),
    ).fetchone()
    return found == (True,)


_IN_ORDER = """
insert into {new} select * from {old} order by listing_id, observed_at
"""
_WATCH = """
create trigger {trigger} after insert or update or delete on {old}
for each row execute function core.unpack_month_of_row()
"""
# Currency and availability are nearly always the same all month, so they are told once and not by each entry.
_PACK = """
insert into core.price_history_packed (listing_id, month, currency, availability, observed_at, payable_minor)
select listing_id, %(month)s, currency, availability, array_agg(observed_at order by observed_at),
       array_agg(coalesce(total_minor, price_minor) order by observed_at)
from {old}
group by listing_id, currency, availability
order by listing_id
"""
