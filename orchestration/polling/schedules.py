"""When things run. All cron expressions are UTC; a source's minute offset keeps sources from starting together.

Belongs here: times, and whether a poll is worth starting. Does not: the jobs (``jobs``), heavy schedules (those of
their own jobs).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import dagster as dg
import psycopg

from domain.settings import Settings, SettingsError, load_settings
from domain.source_state import may_poll
from orchestration.partitions import SourceDay
from orchestration.polling import jobs, price_alerts
from orchestration.polling.care import VacuumConfig
from orchestration.polling.scans import scans
from orchestration.resources import SettingsResource, WarehouseResource
from orchestration.runs import is_under_way
from orchestration.timetable import plain_schedule, schedule_status
from pipeline.cadence import due_until
from pipeline.poll import state_now, utc_now
from pipeline.scan import ensure_scans
from scrapers.registry import create_source, source_entry, source_names
from warehouse.cadence import next_due
from warehouse.watches import probe_watch


def poll_request(
    conn: psycopg.Connection,
    instance: dg.DagsterInstance,
    settings: Settings,
    source: str,
    now: datetime,
    *,
    only_due: bool = False,
) -> dg.RunRequest | dg.SkipReason:
    """Return the run to start, or why none is."""
    if probe_watch(conn, source) is None:
        return dg.SkipReason(f"{source}: no watch asks for it; add one with `pricescope watch add URL`.")
    state = state_now(conn, create_source(source, settings), now)
    decision = may_poll(state, now)
    if decision == "wait":
        return dg.SkipReason(f"{source}: {state.detail or state.state}; it is not asked before its time.")
    if only_due and decision == "poll":
        due = next_due(conn, source)
        if due is not None and due > due_until(settings, now):
            return dg.SkipReason(f"{source}: the next watch is due at {due:%H:%M:%S} UTC.")
    # Behind a long run, polls would queue up and then follow one another without a pause.
    if is_under_way(instance, jobs.poll.name, {"dagster/partition/source": source}):
        return dg.SkipReason(f"{source}: a poll is queued or running.")
    return dg.RunRequest(
        partition_key=SourceDay(source, now.date()).key,
        run_config={"ops": {"raw_listings": {"config": {"only_due": only_due and decision == "poll"}}}},
        tags={"pricescope/decision": decision},
    )


def _schedule(name: str, source: str, cron: str, *, only_due: bool) -> dg.ScheduleDefinition:
    which = "its watches that are due" if only_due else "all its watches"

    @dg.schedule(
        name=name,
        job=jobs.poll,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=schedule_status(),
        description=f"Poll {source}: {which}. While it is blocked, probe it hourly with the test watch.",
    )
    def schedule(
        context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource, app_settings: SettingsResource
    ) -> dg.RunRequest | dg.SkipReason:
        with warehouse.connection("schedule") as conn:
            return poll_request(conn, context.instance, app_settings.get(), source, utc_now(), only_due=only_due)

    return schedule


def _source_schedules(source: str) -> Iterator[dg.ScheduleDefinition]:
    """Yield a source's schedules: the tick that polls what is due, and the brief's hours at which all is polled."""
    entry = source_entry(source)
    yield _schedule(f"poll_{source}", source, entry.tick, only_due=True)
    if entry.sync:
        yield _schedule(f"sync_{source}", source, entry.sync, only_due=False)


def _scan_schedule() -> dg.ScheduleDefinition:
    @dg.schedule(
        name="scans_two_hourly",
        job=scans,
        cron_schedule="11 */2 * * *",
        execution_timezone="UTC",
        default_status=schedule_status(),
        description="Start again the range scans that stand still and should not.",
    )
    def schedule(context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
        if is_under_way(context.instance, scans.name):
            return dg.SkipReason("A run of scans is queued or running.")
        with warehouse.connection("schedule") as conn:
            waiting = ensure_scans(conn, utc_now())
        if not waiting:
            return dg.SkipReason("No scan stands still; `pricescope scan uzum --from 1 --to N` begins one.")
        return dg.RunRequest()

    return schedule


def build_schedules() -> Iterable[dg.ScheduleDefinition]:
    """Return the schedules of the enabled sources and of the house; registered RUNNING where the settings say so.

    Raises:
        SettingsError: when a source is enabled that there is none of.
    """
    settings = load_settings()
    unknown = sorted(set(settings.enabled_sources) - set(source_names()))
    if unknown:
        raise SettingsError(
            f"PRICESCOPE_ENABLED_SOURCES: unknown source {', '.join(unknown)}; known: {', '.join(source_names())}"
        )
    return [
        *(one for name in settings.enabled_sources for one in _source_schedules(name)),
        plain_schedule("health_hourly", jobs.health, "37 * * * *"),
        # After the hour's statistics.
        plain_schedule("prices_hourly", price_alerts.job, "27 * * * *"),
        # The European Central Bank sets its rates at about 16:00 CET, the one of Uzbekistan in the morning.
        plain_schedule("rates_daily", jobs.rates, "30 16 * * *"),
        plain_schedule("care_daily", jobs.care, "30 3 * * *"),
        plain_schedule("compact_daily", jobs.compact, "45 3 * * *"),
        plain_schedule("vacuum_daily", jobs.upkeep_job, "0 4 * * 1-6"),
        plain_schedule(
            "vacuum_weekly",
            jobs.upkeep_job,
            "0 5 * * 0",
            run_config=dg.RunConfig(ops={"vacuum": VacuumConfig(everything=True)}),
        ),
        _scan_schedule(),
    ]
