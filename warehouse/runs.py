"""What each run did: ``ops.scrape_runs``, one row a Dagster run, source and day.

Belongs here: beginning, counting, finishing. A run that is retried goes on with its own row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from warehouse.poison import storable
from warehouse.rows import columns, read_one, read_rows

Task = Literal["poll", "index", "backfill", "import", "probe"]


class ScrapeRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Counters add up over the run's attempts; times are UTC; durations are milliseconds by step."""

    scrape_run_id: int
    run_id: str
    task: str
    source: str
    day: date
    state: str
    started_at: datetime
    ended_at: datetime | None = None
    pages: int = 0
    items: int = 0
    new_items: int = 0
    changed_items: int = 0
    quarantined: int = 0
    deals: int = 0
    alerts: int = 0
    errors: int = 0
    error: str | None = None
    durations_ms: dict[str, float] = {}


COUNTERS = frozenset({"pages", "items", "new_items", "changed_items", "quarantined", "deals", "alerts", "errors"})


def begin_run(conn: psycopg.Connection, *, run_id: str, task: Task, source: str, day: date) -> int:
    """Begin a run and return its ``scrape_run_id``; begun again (an asset after another, a retry), it is the same."""
    row = conn.execute(
        """
        insert into ops.scrape_runs as r (run_id, task, source, day, state) values (%s, %s, %s, %s, 'running')
        on conflict (run_id, source, day) do update set state = 'running', ended_at = null, error = null
        returning scrape_run_id
        """,
        (run_id, task, source, day),
    ).fetchone()
    return int(row[0]) if row else 0


def add_counts(
    conn: psycopg.Connection,
    scrape_run_id: int,
    *,
    durations_ms: Mapping[str, float] | None = None,
    **counts: int,
) -> None:
    """Add to a run's counters (see ``COUNTERS``) and set the durations of its steps.

    Raises:
        ValueError: for a counter that does not exist.
    """
    unknown = sorted(set(counts) - COUNTERS)
    if unknown:
        raise ValueError(f"no such counter: {', '.join(unknown)}; there are {', '.join(sorted(COUNTERS))}")
    sets = [f"{name} = {name} + %({name})s" for name in counts]
    conn.execute(
        f"update ops.scrape_runs set {', '.join([*sets, 'durations_ms = durations_ms || %(durations)s'])}"
        " where scrape_run_id = %(id)s",
        {**counts, "durations": Jsonb(dict(durations_ms or {})), "id": scrape_run_id},
    )


def finish_run(conn: psycopg.Connection, scrape_run_id: int, *, error: str | None = None) -> None:
    """End a run: ``failure`` with its error (a sentence, no secrets), else ``success``."""
    conn.execute(
        "update ops.scrape_runs set state = %s, error = %s, ended_at = now() where scrape_run_id = %s",
        ("success" if error is None else "failure", None if error is None else storable(error)[:4000], scrape_run_id),
    )


def get_run(conn: psycopg.Connection, scrape_run_id: int) -> ScrapeRun | None:
    """Return a run, None when there is none."""
    return read_one(
        conn, ScrapeRun, f"select {columns(ScrapeRun)} from ops.scrape_runs where scrape_run_id = %s", (scrape_run_id,)
    )


def end_killed(conn: psycopg.Connection, before: datetime) -> int:
    """Call failed what began before a time (UTC) and never said how it ended; return how many runs."""
    return conn.execute(
        "update ops.scrape_runs set state = 'failure', ended_at = now(),"
        " error = 'It was killed: it never said how it ended.' where state = 'running' and started_at < %s",
        (before,),
    ).rowcount


def recent_runs(conn: psycopg.Connection, *, source: str | None = None, limit: int = 50) -> list[ScrapeRun]:
    """Return runs, the newest first."""
    return read_rows(
        conn,
        ScrapeRun,
        f"select {columns(ScrapeRun)} from ops.scrape_runs where (%(source)s::text is null or source = %(source)s)"
        " order by started_at desc, scrape_run_id desc limit %(limit)s",
        {"source": source, "limit": limit},
    )
