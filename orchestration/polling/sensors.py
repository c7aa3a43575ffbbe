"""The sensor that sees undelivered notifications. It only starts delivery: a tick is at-least-once and cut at 60 s."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import dagster as dg

from domain.settings import load_settings
from orchestration.polling import jobs
from orchestration.resources import WarehouseResource
from orchestration.runs import is_under_way
from pipeline.poll import utc_now
from warehouse.outbox import Notification, due

# Dagster never starts a second run under a key. A delivery that broke before its first attempt left what is due as it
# was, so the key must change with time too, or nothing would be sent until the next deal.
TRY_AGAIN_AFTER = timedelta(minutes=10)


def delivery_run_key(due: Sequence[Notification], now: datetime) -> str:
    """Return a key that changes with the set of due notifications, with their attempts, and every ten minutes."""
    newest = max(row.notification_id for row in due)
    slot = int(now.timestamp() // TRY_AGAIN_AFTER.total_seconds())
    return f"deliver:{newest}:{len(due)}:{sum(row.attempts for row in due)}:{slot}"


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
    def undelivered_alerts(
        context: dg.SensorEvaluationContext, warehouse: WarehouseResource
    ) -> dg.RunRequest | dg.SkipReason:
        now = utc_now()
        with warehouse.connection("sensor") as conn:
            waiting = due(conn, now)
        if not waiting:
            return dg.SkipReason("Nothing is due.")
        if is_under_way(context.instance, jobs.deliver.name):
            return dg.SkipReason("A delivery is queued or running.")
        return dg.RunRequest(run_key=delivery_run_key(waiting, now))

    return [undelivered_alerts]
