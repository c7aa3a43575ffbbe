"""When things run. All cron expressions are UTC; a source's minute offset keeps sources from starting together."""

from collections.abc import Iterable
from datetime import datetime

import dagster as dg
import psycopg

from domain.settings import SettingsError, load_settings
from domain.source_state import may_poll
from orchestration.partitions import SourceDay
from orchestration.polling import jobs
from orchestration.resources import WarehouseResource
from orchestration.runs import is_under_way
from pipeline.poll import utc_now
from scrapers.registry import source_entry, source_names
from warehouse.source_state import load_source_state
from warehouse.watches import probe_watch


def poll_request(
    conn: psycopg.Connection, instance: dg.DagsterInstance, source: str, now: datetime
) -> dg.RunRequest | dg.SkipReason:
    """Return the run to start, or why none is."""
    if probe_watch(conn, source) is None:
        return dg.SkipReason(f"{source}: no watch asks for it; add one with `pricescope watch add URL`.")
    state = load_source_state(conn, source, now)
    decision = may_poll(state, now)
    if decision == "wait":
        return dg.SkipReason(f"{source}: {state.detail or state.state}; the next probe is not due yet.")
    # Behind a long run, polls would queue up and then follow one another without a pause.
    if is_under_way(instance, jobs.poll.name, {"dagster/partition/source": source}):
        return dg.SkipReason(f"{source}: a poll is queued or running.")
    return dg.RunRequest(partition_key=SourceDay(source, now.date()).key, tags={"pricescope/decision": decision})


def _poll_schedule(source: str, *, running: bool) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"poll_{source}",
        job=jobs.poll,
        cron_schedule=source_entry(source).tick,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description=f"Poll {source}; while it is blocked, probe it hourly with the test watch.",
    )
    def schedule(context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
        with warehouse.connection("schedule") as conn:
            return poll_request(conn, context.instance, source, utc_now())

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
    running = settings.schedules_running
    status = dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED
    polls = [_poll_schedule(name, running=running) for name in settings.enabled_sources]
    house = [
        dg.ScheduleDefinition(
            name="health_hourly",
            job=jobs.health,
            cron_schedule="37 * * * *",
            execution_timezone="UTC",
            default_status=status,
        ),
        # The European Central Bank sets its rates at about 16:00 CET, the one of Uzbekistan in the morning.
        dg.ScheduleDefinition(
            name="rates_daily",
            job=jobs.rates,
            cron_schedule="30 16 * * *",
            execution_timezone="UTC",
            default_status=status,
        ),
        dg.ScheduleDefinition(
            name="care_daily",
            job=jobs.care,
            cron_schedule="30 3 * * *",
            execution_timezone="UTC",
            default_status=status,
        ),
    ]
    return [*polls, *house]
