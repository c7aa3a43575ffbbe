"""The heavy code location as Dagster loads it: Great Expectations and dbt, hourly; sites, nightly; the models."""

from __future__ import annotations

import dagster as dg

from orchestration.models import clusters, embeddings, evaluate, fair_prices
from orchestration.resources import default_resources
from orchestration.statistics.assets import dbt_models, dbt_resource
from orchestration.statistics.checks import BATCH_ASSETS, mart_figures
from orchestration.statistics.documentation import data_docs, data_docs_site, dbt_docs, dbt_docs_site
from orchestration.timetable import plain_schedule

statistics = dg.define_asset_job(
    "statistics",
    selection=dg.AssetSelection.assets(*BATCH_ASSETS.values(), dbt_models),
    tags={"dagster/max_runtime": str(30 * 60)},
    description="Check pages, items and history with Great Expectations, build and test every dbt model, check those.",
)


defs = dg.Definitions(
    assets=[
        *BATCH_ASSETS.values(),
        dbt_models,
        dbt_docs_site,
        data_docs_site,
        embeddings.embeddings,
        clusters.clusters,
        evaluate.evaluate,
        fair_prices.fair_prices,
    ],
    asset_checks=[mart_figures],
    jobs=[statistics, dbt_docs, data_docs, embeddings.job, clusters.job, evaluate.job, fair_prices.job],
    schedules=[
        plain_schedule("statistics_hourly", statistics, "7 * * * *"),
        # After the night's care, which drops what is too old.
        plain_schedule("dbt_docs_daily", dbt_docs, "20 4 * * *"),
        plain_schedule("data_docs_daily", data_docs, "40 4 * * *"),
        embeddings.schedule,
        clusters.nightly,
        clusters.hourly,
        evaluate.schedule,
        fair_prices.schedule,
    ],
    resources={**default_resources(), "dbt": dbt_resource()},
    executor=dg.in_process_executor,
)
