"""Named jobs of the light code location, each with a time limit so that a killed worker cannot silence a source."""

from __future__ import annotations

import dagster as dg

from orchestration.partitions import source_days
from orchestration.polling import assets, checks, fx, open_data, price_alerts, scans
from orchestration.polling import care as upkeep


def _limit(minutes: int) -> dict[str, str]:
    return {"dagster/max_runtime": str(minutes * 60)}


poll = dg.define_asset_job(
    "poll",
    selection=dg.AssetSelection.assets(
        assets.raw_listings, "items", "price_history", assets.deals, assets.alerts
    ).without_checks(),
    partitions_def=source_days,
    tags=_limit(15),
    description="Fetch a source's watches, read the pages, judge what is new, tell who asked. In one process.",
)

reprocess = dg.define_asset_job(
    "reprocess",
    selection=dg.AssetSelection.assets("items", "price_history").without_checks(),
    partitions_def=source_days,
    tags={**_limit(120), "pricescope/task": "backfill"},
    description="Read a day's stored pages again, as after a parser change; `pricescope reprocess` shows what changes.",
)

deliver = dg.define_asset_job(
    "deliver",
    selection=dg.AssetSelection.assets(assets.alerts),
    tags=_limit(10),
    description="Send what the outbox holds.",
)

health = dg.define_asset_job(
    "health",
    selection=dg.AssetSelection.checks(checks.source_health),
    tags=_limit(5),
    description="Freshness and volume of each source against its own past, whether or not it still runs.",
)

rates = dg.define_asset_job(
    "rates",
    selection=dg.AssetSelection.assets(fx.fx_rates),
    tags=_limit(15),
    description="Fetch the banks' exchange rates.",
)

care = dg.define_asset_job(
    "care",
    selection=dg.AssetSelection.assets(upkeep.retention),
    tags=_limit(60),
    description="Drop what is older than the settings keep; make partitions ahead; prune Dagster's own logs.",
)

# Apart from care: an archive that fails, on a full disk for one, keeps nothing from being made smaller.
compact = dg.define_asset_job(
    "compact",
    selection=dg.AssetSelection.assets(upkeep.compaction),
    tags=_limit(60),
    description="Pack the price history's months for reading; compact the old ones where the settings ask for it.",
)

upkeep_job = dg.define_asset_job(
    "upkeep",
    selection=dg.AssetSelection.assets(upkeep.vacuumed),
    tags=_limit(120),
    description="Vacuum and analyse what changed; everything on Sundays.",
)

export = dg.define_asset_job(
    "export",
    selection=dg.AssetSelection.assets(open_data.open_data),
    tags=_limit(120),
    description="Write the open data: Parquet files by table, source and month.",
)

JOBS = (poll, reprocess, deliver, health, rates, care, compact, upkeep_job, export, price_alerts.job, scans.scans)
