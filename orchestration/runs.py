"""The link between a Dagster run and its rows in ops.scrape_runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import psycopg

from warehouse import runs


class Counters:
    """Counts of one step, added to the run's row when the step ends."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}

    def add(self, **counts: int) -> None:
        """Add to the named columns of ops.scrape_runs."""
        for name, count in counts.items():
            self.values[name] = self.values.get(name, 0) + count


@contextmanager
def recorded_step(conn: psycopg.Connection, run_id: str, source: str, day: date, *, step: str) -> Iterator[Counters]:
    """Record a step's counts and duration; a failure is recorded with its message and raised on."""
    runs.begin(conn, run_id=run_id, source=source, day=day)
    counters, began = Counters(), time.monotonic()
    try:
        yield counters
    except BaseException as error:
        conn.rollback()
        runs.fail(conn, run_id=run_id, source=source, day=day, error=f"{step}: {type(error).__name__}: {error}")
        raise
    elapsed = int((time.monotonic() - began) * 1000)
    runs.succeed(conn, run_id=run_id, source=source, day=day, step=step, duration_ms=elapsed, counts=counters.values)
