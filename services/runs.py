"""Runs of the light code location in this process: what the command line starts, seen in the UI like any other run.

Belongs here: starting a job and saying how it ended. Does not: what a job does (``orchestration``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from domain.settings import Settings
from services import dagster_home
from warehouse import runs
from warehouse.connect import connect, ensure_database, resolve_database

if TYPE_CHECKING:
    import dagster as dg
    from dagster._core.execution.plan.objects import StepFailureData


@dataclass(frozen=True)
class RunResult:
    """How a run ended, in lines for the terminal."""

    run_id: str
    success: bool
    lines: tuple[str, ...]


def run_poll(settings: Settings, source: str, day: date, *, index: bool = False) -> RunResult:
    """Run the poll job for one source and day."""
    config = {"ops": {"raw_listings": {"config": {"index": index}}}}
    return _run(settings, "poll", f"{day.isoformat()}|{source}", config, task="index" if index else "poll")


def run_house_job(settings: Settings, job: str) -> RunResult:
    """Run an unpartitioned job: ``health``, ``care`` or ``deliver``."""
    return _run(settings, job, None, {}, task=job)


def run_import(settings: Settings, source: str, days: Sequence[date]) -> RunResult:
    """Run the poll job for each day that pages were imported for; past days only read what is stored."""
    config = {"ops": {"raw_listings": {"config": {"fetch": False}}}}
    return _run_days(settings, "poll", source, days, config, task="import")


def run_reprocess(settings: Settings, source: str, days: Sequence[date]) -> RunResult:
    """Run the reprocess job for each day: its stored pages are read again, whatever was read of them before."""
    config = {"ops": {"items_and_price_history": {"config": {"again": True}}}}
    return _run_days(settings, "reprocess", source, days, config, task="backfill")


def _run_days(
    settings: Settings, job: str, source: str, days: Sequence[date], config: Mapping[str, Any], *, task: str
) -> RunResult:
    results = [_run(settings, job, f"{day.isoformat()}|{source}", config, task=task) for day in days]
    return RunResult(
        run_id=results[-1].run_id,
        success=all(result.success for result in results),
        lines=tuple(line for result in results for line in result.lines),
    )


def _run(settings: Settings, job: str, partition_key: str | None, config: Mapping[str, Any], *, task: str) -> RunResult:
    ensure_database(resolve_database(settings).dagster)
    dagster_home.prepare(settings)
    import dagster as dagster_module  # noqa: PLC0415 - after DAGSTER_HOME is set, and only where a run is wanted

    from orchestration.definitions import defs  # noqa: PLC0415 - the same

    with dagster_module.DagsterInstance.get() as instance:
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            partition_key=partition_key,
            run_config={**config, "loggers": {"terminal": {}}},
            raise_on_error=False,
            tags={"pricescope/task": task},
        )
        errors = _errors(result)
    with connect(resolve_database(settings).warehouse, application_name="pricescope:runs") as conn:
        recorded = [row for row in runs.recent_runs(conn, limit=100) if row.run_id == result.run_id]
    lines = [sentence(row) for row in recorded] + errors
    return RunResult(run_id=result.run_id, success=result.success, lines=tuple(lines))


def sentence(run: runs.ScrapeRun) -> str:
    """Return what a run did, on one line."""
    took = sum(run.durations_ms.values()) / 1000
    return (
        f"{run.source} {run.day}: {run.task} {run.state}: {run.pages} pages, {run.items} listings "
        f"({run.new_items} new, {run.changed_items} changed, {run.quarantined} quarantined), {run.deals} deals, "
        f"{run.alerts} notifications, {took:.2f} s of work"
    )


def _errors(result: dg.ExecuteInProcessResult) -> list[str]:
    return [_reason(event.step_failure_data) for event in result.all_events if event.is_step_failure]


def _reason(failure: StepFailureData) -> str:
    """Return why a step failed: what it says for the user, else the error behind it without its module's path."""
    if failure.user_failure_data is not None and failure.user_failure_data.description:
        return failure.user_failure_data.description
    error = failure.error
    if error is None:
        return "a step failed; see its run in Dagster"
    name, separator, said = (error.cause or error).message.strip().partition(": ")
    return f"{name.rpartition('.')[2]}{separator}{said}"
