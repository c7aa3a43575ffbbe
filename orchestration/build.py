"""The only place where Definitions are assembled. Tests and the command override resources here."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from orchestration.polling import assets, care, checks, fx, jobs, open_data, price_alerts, schedules, sensors
from orchestration.resources import default_resources
from orchestration.terminal import terminal_logger


def build_polling(resource_overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """Return the light code location: raw pages to alerts, health, retention."""
    return dg.Definitions(
        assets=[
            assets.watches,
            assets.products,
            assets.raw_listings,
            assets.items_and_price_history,
            assets.deals,
            assets.alerts,
            price_alerts.price_alerts,
            fx.fx_rates,
            care.retention,
            care.compaction,
            care.vacuumed,
            open_data.open_data,
        ],
        asset_checks=[checks.source_health],
        jobs=list(jobs.JOBS),
        schedules=list(schedules.build_schedules()),
        sensors=sensors.build_sensors(),
        resources={**default_resources(), **(resource_overrides or {})},
        executor=dg.in_process_executor,
        loggers={"console": dg.colored_console_logger, "terminal": terminal_logger},
    )
