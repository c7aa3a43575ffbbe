"""What listings should cost: the asset, its job, its schedule."""

from datetime import datetime

import dagster as dg
import psycopg

from orchestration.metadata import outcome_metadata
from orchestration.resources import WarehouseResource
from orchestration.runs import is_under_way
from orchestration.timetable import schedule_status
from pipeline.poll import utc_now
from pipeline.price_models import TrainOutcome, scopes_due, train_markets


@dg.asset(
    deps=["items", "fx_rates"],
    group_name="models",
    kinds={"python", "postgres", "scikitlearn"},
    owners=["team:pricescope"],
    # Two models at once would take the cores from each other.
    pool="models",
)
def fair_prices(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Expected price, 90 % interval and p-value of every listing on offer (ml.fair_prices), by a model a market.

    A market is what one owner's watches in one currency have found. Its model (ml.price_models) judges new listings
    until the next one. One whose last window's intervals held less than 80 % of the prices is kept and gives no alerts.
    """
    with warehouse.connection("fair_prices", unlimited=True) as conn:
        outcomes = train_markets(conn, tell=context.log.info)
    return dg.MaterializeResult(metadata=fair_price_metadata(outcomes))


def fair_price_metadata(outcomes: list[TrainOutcome]) -> dict[str, dg.MetadataValue]:
    """Return the counts of a run, and of each market its state, coverage and the coverage of its watches."""
    markets = {
        outcome.scope: {
            "state": outcome.state,
            "reason": outcome.reason,
            "model": outcome.model,
            "listings": outcome.listings,
            "coverage": outcome.coverage,
            "refused_watches": outcome.refused_watches,
            "trained_until": None if outcome.trained_until is None else outcome.trained_until.isoformat(),
        }
        for outcome in outcomes
    }
    coverage = {f"{outcome.scope}: {watch}": share for outcome in outcomes for watch, share in outcome.by_watch.items()}
    return {
        **{
            name: value
            for name, value in outcome_metadata(outcomes, rows="priced").items()
            if name not in {"by_watch", "refused_watches", "state", "reason", "scope", "model"}
        },
        "markets": dg.MetadataValue.json(markets),
        "coverage_by_watch": dg.MetadataValue.json(coverage),
    }


job = dg.define_asset_job(
    "price",
    selection=dg.AssetSelection.assets(fair_prices),
    tags={"dagster/max_runtime": str(60 * 60)},
    description="Train the price models and write what every listing on offer should cost.",
)


def fair_prices_request(
    conn: psycopg.Connection, instance: dg.DagsterInstance, now: datetime
) -> dg.RunRequest | dg.SkipReason:
    """Return the run to start, or why none is."""
    if is_under_way(instance, job.name):
        return dg.SkipReason("A run of `price` is queued or running.")
    due = scopes_due(conn, now)
    if not due:
        return dg.SkipReason("Every model is of today, or nothing is new since it was trained.")
    return dg.RunRequest(tags={"pricescope/markets": ", ".join(due)[:200]})


@dg.schedule(
    name="price_when_due",
    job=job,
    cron_schedule="37 * * * *",
    execution_timezone="UTC",
    default_status=schedule_status(),
    description="Train daily, and as soon as 5 % of the prices are new; no run is started where nothing is.",
)
def schedule(context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
    """Start a run where a model is due."""
    with warehouse.connection("schedule") as conn:
        return fair_prices_request(conn, context.instance, utc_now())
