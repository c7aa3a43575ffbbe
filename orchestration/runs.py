"""Dagster's runs: their rows in ops.scrape_runs, and whether one is under way.

Belongs here: what every step tells of its run. Does not: starting runs (``services.runs``), SQL (``warehouse.runs``).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date

import dagster as dg
import psycopg

from warehouse import runs

# Not NOT_STARTED: a run that nobody launched would seem under way for ever. The others end by their time limits.
_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


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

    def finish(error: str | None, **more: int) -> None:
        elapsed = round((time.monotonic() - began) * 1000, 1)
        runs.add_counts(conn, row, durations_ms={step: elapsed}, **counters.values, **more)
        runs.finish_run(conn, row, error=error)

    try:
        yield counters
    except BaseException as error:
        # Where the connection itself is what broke, the step's own error is the one to see.
        with suppress(psycopg.Error):
            finish(f"{step}: {type(error).__name__}: {error}", errors=1)
        raise
    finish(None)


def task_of(context: dg.AssetExecutionContext, *, index: bool = False) -> runs.Task:
    """Return what kind of run this is: a backfill by its tags, an index by its configuration, else a poll."""
    tags = context.run.tags
    if "dagster/backfill" in tags or "dagster/asset_partition_range_start" in tags:
        return "backfill"
    if tags.get("pricescope/task") == "backfill":
        return "backfill"
    if tags.get("pricescope/task") == "import":
        return "import"
    if tags.get("pricescope/decision") == "probe":
        return "probe"
    return "index" if index else "poll"


def is_under_way(instance: dg.DagsterInstance, job: str, tags: Mapping[str, str] | None = None) -> bool:
    """Say whether a run of the job, with these tags, is queued or running."""
    wanted = dg.RunsFilter(job_name=job, tags=dict(tags or {}), statuses=_UNDER_WAY)
    return instance.get_runs_count(wanted) > 0
