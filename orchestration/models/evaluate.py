"""How well deals are found, measured on the owner's own stream: the asset, its checks, its job, its schedule.

Belongs here: the run. Does not: figures (``pipeline.evaluate``), what is shown of them (``evaluation_metadata``).
Nothing is written to any table: the plots are files, the figures this asset's metadata.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.models.evaluation_metadata import check_results, evaluation_metadata
from orchestration.resources import SettingsResource, WarehouseResource
from orchestration.timetable import plain_schedule

_CHECKS = {
    "coverage": "90 % intervals hold 85 to 95 % of the prices of newcomers",
    "false_alarms": "The level of 5 % gives 3 to 7 % false alarms",
    "ranking": "Planted deals rank better by the fair price than by mean - k sigma",
    "clusters": "The products of labelled titles are found, B-cubed F1 of 0.85 and more",
}


class EvaluateConfig(dg.Config):
    """What a run can be told. The same seed plants the same deals in the same listings."""

    seed: int = 0
    repeats: int = 20


@dg.asset(
    name="evaluate",
    deps=["items", "fx_rates"],
    group_name="models",
    kinds={"python", "matplotlib"},
    owners=["team:pricescope"],
    pool="models",
    check_specs=[dg.AssetCheckSpec(name, asset="evaluate", description=said) for name, said in _CHECKS.items()],
)
def evaluate(
    context: dg.AssetExecutionContext,
    config: EvaluateConfig,
    warehouse: WarehouseResource,
    app_settings: SettingsResource,
) -> Iterator[dg.MaterializeResult[None]]:
    """How well deals would have been found among the newest listings, with deals planted among them.

    Ranking and alerts of the fair price beside the robust rule and mean - k*sigma, calibration by watch and week, how
    fast listings were gone by score, cluster scores; with plots, also in evaluation/ of the home folder. Only reads.
    """
    from pipeline.evaluate import evaluate_streams, read_streams  # noqa: PLC0415 - numpy, scipy and scikit-learn

    with warehouse.connection("evaluate") as conn:
        streams = read_streams(conn)
    done = evaluate_streams(
        streams,
        seed=config.seed,
        repeats=config.repeats,
        progress=lambda rows: context.log.info("%d more newcomers priced", rows),
    )
    yield dg.MaterializeResult(
        metadata=evaluation_metadata(done, app_settings.get().home), check_results=check_results(done)
    )


job = dg.define_asset_job(
    "evaluate_deals",
    selection=dg.AssetSelection.assets(evaluate),
    tags={"dagster/max_runtime": str(60 * 60)},
    description="Plant deals in the newest listings and measure which rule finds them. Only reads.",
)

schedule = plain_schedule("evaluate_weekly", job, "20 5 * * 0")
