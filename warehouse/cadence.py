"""What each watch brings and costs, the plan made of it, and which watches are due.

Belongs here: SQL. Does not: the arithmetic (``domain.cadence``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec
import psycopg

from domain.cadence import WatchLoad, due_at, expected_arrivals
from domain.watch import Watch
from warehouse.rows import columns, read_rows

# Arrivals are counted over a week, so that weekday and weekend weigh alike.
COUNTED_DAYS = 7


class Cadence(msgspec.Struct, frozen=True, kw_only=True):
    """How often a watch is checked; ``due_at`` None means now. Times are UTC."""

    watch_id: int
    interval_seconds: int
    arrivals_per_day: float
    requests_per_check: float
    due_at: datetime | None
    planned_at: datetime


def watch_loads(
    conn: psycopg.Connection, source: str, now: datetime, *, default_requests: float
) -> list[tuple[WatchLoad, datetime | None]]:
    """Return what each active watch of a source brings and costs, with when it was last checked.

    Arrivals are listings first seen by the watch, its first run left out, and price changes of those it holds.
    """
    rows = conn.execute(
        """
        select w.watch_id, w.check_every_minutes,
          extract(epoch from %(now)s - greatest(w.created_at, %(now)s - make_interval(days => %(days)s))) / 86400,
          coalesce(new.found, 0) + coalesce(changed.found, 0), asked.pages, asked.polls, asked.last_at
        from app.watches as w
        left join lateral (
          select count(*) as found from app.watch_listings as l
          where l.watch_id = w.watch_id and not l.is_initial
            and l.first_seen_at > %(now)s - make_interval(days => %(days)s)
        ) as new on true
        left join lateral (
          select count(*) as found from app.watch_listings as l join core.listing_state as s using (listing_id)
          where l.watch_id = w.watch_id and s.price_changed_at > l.first_seen_at
            and s.price_changed_at > %(now)s - make_interval(days => %(days)s)
        ) as changed on true
        left join lateral (
          select count(*) as pages, count(distinct p.run_id) as polls, max(p.fetched_at) as last_at
          from raw.pages as p
          where p.watch_id = w.watch_id and p.source = w.source and p.origin <> 'import'
            and p.fetched_at > %(now)s - make_interval(days => 2)
        ) as asked on true
        where w.source = %(source)s and w.is_active
        order by w.watch_id
        """,
        {"source": source, "now": now, "days": COUNTED_DAYS},
    )
    return [
        (
            WatchLoad(
                watch_id=watch_id,
                arrivals_per_day=expected_arrivals(found, float(days)),
                requests_per_check=max(1.0, pages / polls) if polls else default_requests,
                wanted=None if every is None else timedelta(minutes=every),
            ),
            last_at,
        )
        for watch_id, every, days, found, pages, polls, last_at in rows
    ]


def save_plan(
    conn: psycopg.Connection,
    loads: Sequence[tuple[WatchLoad, datetime | None]],
    plan: Mapping[int, timedelta],
    now: datetime,
) -> None:
    """Keep the planned intervals and when each watch is due by them."""
    dues = [due_at(load.watch_id, last, plan[load.watch_id]) for load, last in loads]
    conn.execute(
        """
        insert into ops.watch_cadence
          (watch_id, interval_seconds, arrivals_per_day, requests_per_check, due_at, planned_at)
        select *, %(now)s
        from unnest(%(ids)s::bigint[], %(intervals)s::int[], %(arrivals)s::float8[], %(requests)s::float8[],
          %(dues)s::timestamptz[])
        on conflict (watch_id) do update set interval_seconds = excluded.interval_seconds,
          arrivals_per_day = excluded.arrivals_per_day, requests_per_check = excluded.requests_per_check,
          due_at = excluded.due_at, planned_at = excluded.planned_at
        """,
        {
            "now": now,
            "ids": [load.watch_id for load, _ in loads],
            "intervals": [round(plan[load.watch_id].total_seconds()) for load, _ in loads],
            "arrivals": [load.arrivals_per_day for load, _ in loads],
            "requests": [load.requests_per_check for load, _ in loads],
            "dues": dues,
        },
    )


def list_cadences(conn: psycopg.Connection) -> dict[int, Cadence]:
    """Return the plan of every watch that has one, by its id."""
    rows = read_rows(conn, Cadence, f"select {columns(Cadence)} from ops.watch_cadence")
    return {row.watch_id: row for row in rows}


def watches_to_check(conn: psycopg.Connection, source: str, until: datetime | None) -> list[Watch]:
    """Return the active watches of a source that are due, the one that waited longest first.

    Args:
        until: those due by then; None returns all, due or not.
    """
    return read_rows(
        conn,
        Watch,
        f"select {columns(Watch, 'w.')} from app.watches w left join ops.watch_cadence c using (watch_id)"
        " left join lateral (select max(p.fetched_at) as at from raw.pages p where p.source = w.source"
        " and p.watch_id = w.watch_id and p.day >= current_date - 2) last on true"
        " where w.source = %(source)s and w.is_active"
        " and (%(until)s::timestamptz is null or c.due_at is null or c.due_at <= %(until)s)"
        " order by last.at nulls first, w.watch_id",
        {"source": source, "until": until},
    )


def next_due(conn: psycopg.Connection, source: str) -> datetime | None:
    """Return when the next active watch of a source is due; None where one is due now or there is none."""
    row = conn.execute(
        "select min(coalesce(c.due_at, '-infinity'::timestamptz)) filter (where c.due_at is not null),"
        " bool_or(c.due_at is null) from app.watches w left join ops.watch_cadence c using (watch_id)"
        " where w.source = %s and w.is_active",
        (source,),
    ).fetchone()
    return None if row is None or row[1] else row[0]


def requests_of_day(conn: psycopg.Connection, source: str, day: date) -> int:
    """Return how many answers of a source are stored for a UTC day: what its budget of that day has paid for.

    Repeated attempts and token calls are not among them; the polite client bounds those by itself.
    """
    row = conn.execute(
        "select count(*) from raw.pages where source = %s and day = %s and origin <> 'import'", (source, day)
    ).fetchone()
    return int(row[0]) if row else 0
