"""The heavy code location as Dagster loads it: Great Expectations, then dbt, hourly and on demand; the models."""

from __future__ import annotations

import dagster as dg

from domain.settings import load_settings
from orchestration.models import embeddings
from orchestration.resources import default_resources
from orchestration.statistics.assets import dbt_models, dbt_resource
from orchestration.statistics.checks import items_batch

statistics = dg.define_asset_job(
    "statistics",
    selection=dg.AssetSelection.assets(items_batch, dbt_models),
    tags={"dagster/max_runtime": str(30 * 60)},
    description="Check the items with Great Expectations, then build and test every dbt model.",
)

_STATUS = dg.DefaultScheduleStatus.RUNNING if load_settings().schedules_running else dg.DefaultScheduleStatus.STOPPED

defs = dg.Definitions(
    assets=[items_batch, dbt_models, embeddings.embeddings],
    jobs=[statistics, embeddings.job],
    schedules=[
        dg.ScheduleDefinition(
            name="statistics_hourly",
            job=statistics,
            cron_schedule="7 * * * *",
            execution_timezone="UTC",
            default_status=_STATUS,
        ),
        embeddings.schedule,
    ],
    resources={**default_resources(), "dbt": dbt_resource()},
    executor=dg.in_process_executor,
)
