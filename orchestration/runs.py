"""The link between a Dagster run and its rows in ops.scrape_runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import dagster as dg
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
def recorded_step(
    conn: psycopg.Connection, run_id: str, source: str, day: date, *, step: str, task: runs.Task
) -> Iterator[Counters]:
    """Record a step's counts and duration; a failure is recorded with its message and raised on."""
    row = runs.begin_run(conn, run_id=run_id, task=task, source=source, day=day)
    counters, began = Counters(), time.monotonic()
    try:
        yield counters
    except BaseException as error:
        if not conn.closed:
            runs.add_counts(conn, row, errors=1)
            runs.finish_run(conn, row, error=f"{step}: {type(error).__name__}: {error}")
        raise
    elapsed = round((time.monotonic() - began) * 1000, 1)
    runs.add_counts(conn, row, durations_ms={step: elapsed}, **counters.values)
    runs.finish_run(conn, row)


def task_of(context: dg.AssetExecutionContext, *, index: bool = False) -> runs.Task:
    """Return what kind of run this is: a backfill by its tags, an index by its configuration, else a poll."""
    tags = context.run.tags
    if "dagster/backfill" in tags or "dagster/asset_partition_range_start" in tags:
        return "backfill"
    if tags.get("pricescope/task") == "import":
        return "import"
    if tags.get("pricescope/decision") == "probe":
        return "probe"
    return "index" if index else "poll"
