"""Retention as an asset: what was dropped, what was made ahead, and what of Dagster's own log was pruned."""

import dagster as dg

from orchestration.metadata import outcome_metadata
from orchestration.prune import prune_instance
from orchestration.resources import SettingsResource, WarehouseResource
from pipeline.care import take_care
from pipeline.poll import utc_now


@dg.asset(group_name="ops", kinds={"postgres"}, owners=["team:pricescope"])
def retention(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, app_settings: SettingsResource
) -> dg.MaterializeResult[None]:
    """Raw pages and history older than the settings keep are dropped by partition; partitions are made ahead.

    Dagster keeps its event log for ever (dagster#33785), so ended runs older than 30 days are deleted here too.
    """
    settings = app_settings.get()
    with warehouse.connection("retention") as conn:
        outcome = take_care(conn, settings, today=utc_now().date())
    pruned = prune_instance(context.instance, keep_days=30, now=utc_now(), keep_run_id=context.run_id)
    return dg.MaterializeResult(
        metadata={**outcome_metadata([outcome], rows="dropped_partitions"), "pruned_dagster_runs": pruned}
    )
