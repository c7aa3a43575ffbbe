"""Rules over the prices of products, looked at every hour: after the statistics, whose past they read."""

import dagster as dg

from orchestration.metadata import outcome_metadata
from orchestration.polling.assets import products
from orchestration.resources import SettingsResource, WarehouseResource
from pipeline.poll import utc_now
from pipeline.price_alerts import check_prices


@dg.asset(
    deps=["price_history", "fx_rates", products, dg.AssetKey(["marts", "daily_price_stats"])],
    group_name="deals",
    kinds={"python", "postgres"},
    owners=["team:pricescope"],
)
def price_alerts(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, app_settings: SettingsResource
) -> dg.MaterializeResult[None]:
    """What moved of the products that their owner asks about (app.price_events), queued as one message a channel."""
    with warehouse.connection("price_alerts") as conn:
        outcome = check_prices(conn, app_settings.get(), run_id=context.run_id, now=utc_now())
    return dg.MaterializeResult(metadata=outcome_metadata([outcome], rows="news"))


job = dg.define_asset_job(
    "prices",
    selection=dg.AssetSelection.assets(price_alerts),
    tags={"dagster/max_runtime": str(10 * 60)},
    description="Look at every product by the rules of `pricescope product alert` and queue what is news.",
)
