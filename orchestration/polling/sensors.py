"""The sensor that sees undelivered notifications. It only starts delivery: a tick is at-least-once and cut at 60 s."""

from collections.abc import Sequence

import dagster as dg

from domain.settings import load_settings
from orchestration.polling import jobs
from orchestration.resources import WarehouseResource
from pipeline.poll import utc_now
from warehouse.outbox import Notification, due


def delivery_run_key(due: Sequence[Notification]) -> str:
    """Return a key that changes when the set of due notifications, or their number of attempts, changes."""
    newest = max(row.notification_id for row in due)
    return f"deliver:{newest}:{len(due)}:{sum(row.attempts for row in due)}"


def build_sensors() -> list[dg.SensorDefinition]:
    """Return the sensors; registered RUNNING where the settings say so."""
    running = load_settings().schedules_running

    @dg.sensor(
        name="undelivered_alerts",
        job=jobs.deliver,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
        description="Starts a delivery run when notifications are due.",
    )
    def undelivered_alerts(warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
        with warehouse.connection("sensor") as conn:
            waiting = due(conn, utc_now())
        if not waiting:
            return dg.SkipReason("Nothing is due.")
        return dg.RunRequest(run_key=delivery_run_key(waiting))

    return [undelivered_alerts]
