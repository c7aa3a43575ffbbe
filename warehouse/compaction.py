"""Closed months of the price history in short: rows that only repeat the row before them are removed.

Belongs here: rewriting a month. Does not: when (``pipeline.care``), exporting it (``archive``).

What goes are heartbeats. How often and on which days each listing was checked is kept in ``core.price_history_months``,
so that every day's price can still be told (view ``core.price_history_days``). A page that arrives late for such a
month is put in by the history's own rule, which looks at the row before, whatever month that is in.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import psycopg
from psycopg import sql

from warehouse.closing import unpack_month
from warehouse.months import TABLE, identifier, lock_month, measure, replace_month
from warehouse.partitions import next_month, partition_months


class CompactedMonth(msgspec.Struct, frozen=True, kw_only=True):
    """What compacting a month did; bytes include indexes."""

    month: date
    rows_before: int
    rows_after: int
    bytes_before: int
    bytes_after: int


def months_to_compact(conn: psycopg.Connection, *, closed_before: date) -> list[date]:
    """Return the months that ended before a day and are not compacted yet, oldest first."""
    done = {month for (month,) in conn.execute("select month from ops.compacted_months").fetchall()}
    months = partition_months(conn, TABLE)
    return [month for month in months if next_month(month) <= closed_before and month not in done]


def compact_month(conn: psycopg.Connection, month: date, *, today: date) -> CompactedMonth:
    """Rewrite a closed month without its repetitions; readers go on, loads wait.

    Killed half way, the month is as it was. A month compacted before is compacted again: late pages may have added to
    it.

    Args:
        conn: a connection, not in a transaction.
        month: any day of the UTC month.
        today: the UTC day it is.

    Raises:
        warehouse.months.MonthError: when the month is not over, has no partition or is being read for too long.
    """
    with conn.transaction():
        first = lock_month(conn, month, today=today)
        names = {"old": identifier(first)}
        rows_before, bytes_before = measure(conn, first)
        bounds = {"month": first, "start": _midnight(first), "end": _midnight(next_month(first))}
        conn.execute(sql.SQL(_SUMMARISE).format(**names), bounds)
        replace_month(conn, first, _COPY_CHANGES)
        unpack_month(conn, first)
        rows_after, bytes_after = measure(conn, first)
        done = CompactedMonth(
            month=first,
            rows_before=rows_before,
            rows_after=rows_after,
            bytes_before=bytes_before,
            bytes_after=bytes_after,
        )
        conn.execute(_NOTE, msgspec.structs.asdict(done))
    conn.execute(sql.SQL("vacuum (freeze, analyze) {old}").format(**names))
    return done


def expand_month(conn: psycopg.Connection, day: date) -> None:
    """Give a compacted month its heartbeats back, so that a late page of it finds each day's row.

    In the load's transaction, its records staged (``pricescope_load``); nothing happens for a month that is not
    compacted. It is compacted anew in the next night. Compacted months after it get rows of their own for what they
    repeat of the page's listings, which is about to change.
    A heartbeat's time is that of the day's first page that showed the listing, or midnight where no page is kept.

    Args:
        conn: a connection.
        day: UTC day of the late page.
    """
    first = day.replace(day=1)
    for (later,) in conn.execute(
        "select month from ops.compacted_months where month > %s order by month", (first,)
    ).fetchall():
        conn.execute(_ANCHOR_PAGE, {"month": later, "start": _midnight(later)})
    if conn.execute("delete from ops.compacted_months where month = %s returning 1", (first,)).fetchone() is None:
        return
    conn.execute(_EXPAND, {"month": first})


def anchor_month(conn: psycopg.Connection, month: date) -> int:
    """Give a compacted month rows of its own for what it repeats from the month before, which is about to go.

    Returns:
        How many rows were added, each at the beginning of the first day of the month on which its listing was seen.
    """
    start = _midnight(month.replace(day=1))
    return conn.execute(_ANCHOR, {"month": month.replace(day=1), "start": start}).rowcount


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


_SUMMARISE = """
insert into core.price_history_months as m (listing_id, month, days, checks)
select listing_id, %(month)s, bit_or(day_bit), greatest(max(checks), count(*))::int
from (
    select listing_id, 1 << (extract(day from observed_at at time zone 'UTC')::int - 1) as day_bit, 0 as checks
    from {old}
    union all
    select id, bit_or(1 << (extract(day from r.day)::int - 1)), count(*)
    from ops.page_readings r, unnest(r.listing_ids) as id
    where r.day >= %(month)s::date and r.fetched_at >= %(start)s and r.fetched_at < %(end)s
    group by id
) as seen
group by listing_id
on conflict (listing_id, month) do update
set days = m.days | excluded.days, checks = greatest(m.checks, excluded.checks)
"""
_COPY_CHANGES = """
insert into {new}
select listing_id, observed_at, price_minor, total_minor, currency, availability
from (
    select h.*, lag((price_minor, total_minor, currency, availability)::text) over w as before
    from {old} h window w as (partition by listing_id order by observed_at)
) h
where before is distinct from (price_minor, total_minor, currency, availability)::text
  and (before is not null or (price_minor, total_minor, currency, availability)::text is distinct from (
      select (b.price_minor, b.total_minor, b.currency, b.availability)::text from {whole} b
      where b.listing_id = h.listing_id and b.observed_at < h.observed_at order by b.observed_at desc limit 1))
order by listing_id, observed_at
"""
_EXPAND = """
insert into core.price_history (listing_id, observed_at, price_minor, total_minor, currency, availability)
select d.listing_id, coalesce(r.first_at, d.start), d.price_minor, d.total_minor, d.currency, d.availability
from (
    select m.listing_id, (m.month + n)::timestamp at time zone 'UTC' as start, m.month + n as day, b.price_minor,
           b.total_minor, b.currency, b.availability
    from core.price_history_months m
    cross join generate_series(0, 30) n
    cross join lateral (
        select h.* from core.price_history h
        where h.listing_id = m.listing_id and h.observed_at < (m.month + n + 1)::timestamp at time zone 'UTC'
        order by h.observed_at desc limit 1
    ) b
    where m.month = %(month)s and m.days >> n & 1 = 1 and b.observed_at < (m.month + n)::timestamp at time zone 'UTC'
) d
left join (
    select id as listing_id, r.day, min(r.fetched_at) as first_at
    from ops.page_readings r, unnest(r.listing_ids) as id
    where r.day >= %(month)s::date and r.day < (%(month)s::date + interval '1 month')
    group by id, r.day
) r on r.listing_id = d.listing_id and r.day = d.day
on conflict (listing_id, observed_at) do nothing
"""
_NOTE = """
insert into ops.compacted_months as m (month, rows_before, rows_after, bytes_before, bytes_after)
values (%(month)s, %(rows_before)s, %(rows_after)s, %(bytes_before)s, %(bytes_after)s)
on conflict (month) do update
set rows_before = greatest(m.rows_before, excluded.rows_before), rows_after = excluded.rows_after,
    bytes_before = greatest(m.bytes_before, excluded.bytes_before), bytes_after = excluded.bytes_after,
    compacted_at = now()
"""
_ANCHOR_WHOSE = """
insert into core.price_history (listing_id, observed_at, price_minor, total_minor, currency, availability)
select m.listing_id, m.first_at, b.price_minor, b.total_minor, b.currency, b.availability
from (
    -- The lowest bit that is set is the first day: at another the listing would count as seen where it was not.
    select listing_id, (month + log(2, (days & -days)::numeric)::int)::timestamp at time zone 'UTC' as first_at
    from core.price_history_months where month = %(month)s and days <> 0{whose}
) m
cross join lateral (
    select * from core.price_history h
    where h.listing_id = m.listing_id and h.observed_at < %(start)s order by h.observed_at desc limit 1
) b
where not exists (
    select from core.price_history h
    where h.listing_id = m.listing_id
      and h.observed_at >= %(start)s and h.observed_at < m.first_at + interval '24 hours'
)
on conflict (listing_id, observed_at) do nothing
"""
_ANCHOR = _ANCHOR_WHOSE.format(whose="")
_ANCHOR_PAGE = _ANCHOR_WHOSE.format(whose=" and listing_id in (select listing_id from pricescope_load)")
