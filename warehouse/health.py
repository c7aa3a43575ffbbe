"""What the health checks read: records a source brought in 24-hour windows, and its vital signs.

Belongs here: reading. Does not: grading (``pipeline.health``).
"""

from __future__ import annotations

from datetime import datetime

import msgspec
import psycopg


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """A source's state row and how many active watches ask for it."""

    source: str
    state: str
    last_success_at: datetime | None
    active_watches: int


def records_by_window(conn: psycopg.Connection, now: datetime, *, windows: int) -> dict[str, list[int]]:
    """Return records read per source and 24-hour window back from ``now``; index 0 is the last 24 hours."""
    rows = conn.execute(
        """
        select source, floor(extract(epoch from %(now)s - fetched_at) / 86400)::int as age, sum(records)::bigint
        from ops.page_readings
        where fetched_at <= %(now)s and fetched_at > %(now)s - make_interval(days => %(windows)s)
        group by source, age
        """,
        {"now": now, "windows": windows},
    )
    found: dict[str, list[int]] = {}
    for source, age, records in rows:
        found.setdefault(source, [0] * windows)[min(age, windows - 1)] += records
    return found


def source_vitals(conn: psycopg.Connection) -> dict[str, Vitals]:
    """Return the vital signs of every source that has a state or an active watch."""
    rows = conn.execute(
        """
        select source, coalesce(state.state, 'unknown'), state.last_success_at, coalesce(wanted.watches, 0)
        from ops.source_state as state
        full join (
          select source, count(*) as watches from app.watches where is_active group by source
        ) as wanted using (source)
        """
    )
    return {
        source: Vitals(source=source, state=state, last_success_at=last_success, active_watches=active)
        for source, state, last_success, active in rows
    }


def source_counts(conn: psycopg.Connection) -> dict[str, tuple[int, int]]:
    """Return active watches and listings of every source that has any."""
    rows = conn.execute(
        """
        select source, coalesce(watches, 0), coalesce(listings, 0)
        from (select source, count(*) as watches from app.watches where is_active group by source) as w
        full join (select source, count(*) as listings from core.listings group by source) as l using (source)
        """
    )
    return {source: (watches, listings) for source, watches, listings in rows}
