"""The warehouse's care as assets: retention, compaction, vacuum, each with what it did."""

from pathlib import Path

import dagster as dg

from orchestration.metadata import outcome_metadata
from orchestration.prune import prune_instance
from orchestration.resources import SettingsResource, WarehouseResource
from pipeline.care import compact_history, take_care
from pipeline.poll import utc_now
from warehouse.upkeep import vacuum

_OWNERS = ["team:pricescope"]
# Dagster's own runs: a poll every five minutes makes 288 a day, each with events and printed lines.
_DAGSTER_DAYS = 30


class VacuumConfig(dg.Config):
    """Run configuration of `vacuum`: all tables, or only those written to since the last time."""

    everything: bool = False


@dg.asset(group_name="ops", kinds={"postgres"}, owners=_OWNERS)
def retention(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, app_settings: SettingsResource
) -> dg.MaterializeResult[None]:
    """Raw pages, history and logs older than the settings keep go; partitions are made ahead.

    Months of history are written to Parquet first where PRICESCOPE_ARCHIVE_DIRECTORY is set. Dagster keeps its event
    log for ever (dagster#33785), so ended runs older than 30 days are deleted here too.
    """
    settings = app_settings.get()
    # First: the disk that an archive finds full is often this one.
    pruned = prune_instance(context.instance, keep_days=_DAGSTER_DAYS, now=utc_now(), keep_run_id=context.run_id)
    with warehouse.connection("retention", unlimited=True) as conn:
        outcome = take_care(conn, settings, today=utc_now().date())
    metadata = outcome_metadata([outcome], rows="dropped_partitions")
    if settings.archive_directory is not None:
        metadata["archive"] = dg.MetadataValue.path(Path(settings.archive_directory).absolute())
    return dg.MaterializeResult(metadata={**metadata, "pruned_dagster_runs": pruned})


@dg.asset(deps=[retention], group_name="ops", kinds={"postgres"}, owners=_OWNERS)
def compaction(warehouse: WarehouseResource, app_settings: SettingsResource) -> dg.MaterializeResult[None]:
    """Price history packed for reading (core.price_history_packed), its closed months in order.

    Where PRICESCOPE_COMPACT_AFTER_DAYS is set, older ones without their repeated rows instead; how often and on which
    days each listing was checked is kept (core.price_history_months).
    """
    with warehouse.connection("compaction", unlimited=True) as conn:
        outcome = compact_history(conn, app_settings.get(), today=utc_now().date())
    return dg.MaterializeResult(metadata=outcome_metadata([outcome], rows="rows_after"))


@dg.asset(name="vacuum", deps=[compaction], group_name="ops", kinds={"postgres"}, owners=_OWNERS)
def vacuumed(config: VacuumConfig, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Tables that changed are vacuumed and analysed every day, all of them on Sundays; nobody waits for it."""
    with warehouse.connection("vacuum", unlimited=True) as conn:
        outcome = vacuum(conn, everything=config.everything)
    return dg.MaterializeResult(metadata=outcome_metadata([outcome], rows="tables"))
