"""When things run. All cron expressions are UTC; a source's minute offset keeps sources from starting together."""

from collections.abc import Iterable

import dagster as dg

from domain.settings import load_settings
from domain.source_state import may_poll
from orchestration.partitions import SourceDay
from orchestration.polling import jobs
from orchestration.resources import WarehouseResource
from pipeline.poll import utc_now
from warehouse.source_state import load_source_state

# How often a source is polled while it answers. A blocked source is skipped here until its hourly probe is due.
POLL_CRON = {"vinted": "*/5 * * * *"}


def poll_requests(source: str, decision: str, detail: str, day: SourceDay) -> dg.RunRequest | dg.SkipReason:
    """Return the run to start, or why none is."""
    if decision == "wait":
        return dg.SkipReason(f"{source}: {detail}; the next probe is not due yet.")
    return dg.RunRequest(partition_key=day.key, tags={"pricescope/decision": decision})


def _poll_schedule(source: str, *, running: bool) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"poll_{source}",
        job=jobs.poll,
        cron_schedule=POLL_CRON[source],
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description=f"Poll {source}; while it is blocked, probe it hourly with the test watch.",
    )
    def schedule(warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
        now = utc_now()
        with warehouse.connection("schedule") as conn:
            state = load_source_state(conn, source, now)
        return poll_requests(source, may_poll(state, now), state.detail or state.state, SourceDay(source, now.date()))

    return schedule


def build_schedules() -> Iterable[dg.ScheduleDefinition]:
    """Return the schedules of the enabled sources and of the house; registered RUNNING where the settings say so."""
    settings = load_settings()
    running = settings.schedules_running
    status = dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED
    polls = [_poll_schedule(name, running=running) for name in settings.enabled_sources if name in POLL_CRON]
    house = [
        dg.ScheduleDefinition(
            name="health_hourly",
            job=jobs.health,
            cron_schedule="37 * * * *",
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
