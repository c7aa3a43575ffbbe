"""How well deals are found, measured on the owner's own stream: the asset, its checks, its job, its schedule.

Belongs here: how the figures look in Dagster. Does not: the figures (``pipeline.evaluate``). Nothing is written to any
table: the plots are files, the figures this asset's metadata.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from domain.settings import load_settings
from orchestration.resources import SettingsResource, WarehouseResource

if TYPE_CHECKING:
    from ml.backtest.run import Backtest
    from ml.backtest.standards import Finding
    from pipeline.evaluate import Evaluation, MarketEvaluation

# Dagster keeps metadata in its event log: the plots of more markets are on disk only.
_INLINE_MARKETS = 3
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
    deps=["items", "price_history"],
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
) -> dg.MaterializeResult[None]:
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
    return dg.MaterializeResult(
        metadata=evaluation_metadata(done, app_settings.get().home), check_results=check_results(done)
    )


def check_results(done: Evaluation) -> list[dg.AssetCheckResult]:
    """Return the checks: those of a market hold where they hold in every market that has enough data."""
    from ml.backtest import standards  # noqa: PLC0415 - numpy and scipy

    of_markets: dict[str, Callable[[Backtest], Finding]] = {
        "coverage": standards.coverage_finding,
        "false_alarms": standards.false_alarm_finding,
        "ranking": standards.ranking_finding,
    }
    results = [_over_markets(name, finding, done.markets) for name, finding in of_markets.items()]
    clusters = standards.cluster_finding(done.clusters)
    return [*results, _result("clusters", met=clusters.met, said=clusters.said)]


def _over_markets(
    name: str, finding: Callable[[Backtest], Finding], markets: Sequence[MarketEvaluation]
) -> dg.AssetCheckResult:
    from ml.backtest.stream import LEAST_ROWS  # noqa: PLC0415 - numpy

    met, said = True, []
    for market in markets:
        if market.backtest is None:
            said.append(f"{market.name}: {market.too_little}")
            continue
        found = finding(market.backtest)
        met = met and found.met
        said.append(f"{market.name}: {found.said}")
    return _result(name, met=met, said="; ".join(said) or f"not enough data: 0 of {LEAST_ROWS} listings are known")


def _result(name: str, *, met: bool, said: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(check_name=name, passed=met, severity=dg.AssetCheckSeverity.WARN, description=said)


def evaluation_metadata(done: Evaluation, home: Path) -> dict[str, dg.MetadataValue]:
    """Write the plots; return tables, plots and figures as metadata."""
    from pipeline.evaluation_report import (  # noqa: PLC0415 - numpy and scipy
        cluster_table,
        figures,
        market_plots,
        market_tables,
        write_plots,
    )

    metadata: dict[str, dg.MetadataValue] = {}
    largest = sorted(done.markets, key=lambda market: -market.listings)[:_INLINE_MARKETS]
    for market in done.markets:
        if market.backtest is None:
            metadata[f"{market.name}: tables"] = dg.MetadataValue.text(market.too_little)
            continue
        tables = "\n\n".join(table.markdown() for table in market_tables(market))
        metadata[f"{market.name}: tables"] = dg.MetadataValue.md(tables)
        plots = market_plots(market)
        paths = write_plots(home, market.name, plots)
        metadata[f"{market.name}: files"] = dg.MetadataValue.path(next(iter(paths.values())).parent)
        if market in largest:
            metadata |= _inline(market.name, plots)
    metadata["clusters"] = dg.MetadataValue.md(cluster_table(done).markdown())
    metadata["figures"] = dg.MetadataValue.json(figures(done))
    metadata["listings"] = dg.MetadataValue.int(sum(market.listings for market in done.markets))
    return metadata


def _inline(market: str, plots: Mapping[str, bytes]) -> dict[str, dg.MetadataValue]:
    return {
        f"{market}: {name}": dg.MetadataValue.md(f"![{name}](data:image/png;base64,{base64.b64encode(png).decode()})")
        for name, png in plots.items()
    }


job = dg.define_asset_job(
    "evaluate_deals",
    selection=dg.AssetSelection.assets(evaluate),
    tags={"dagster/max_runtime": str(60 * 60)},
    description="Plant deals in the newest listings and measure which rule finds them. Only reads.",
)

schedule = dg.ScheduleDefinition(
    name="evaluate_weekly",
    job=job,
    cron_schedule="20 5 * * 0",
    execution_timezone="UTC",
    default_status=(
        dg.DefaultScheduleStatus.RUNNING if load_settings().schedules_running else dg.DefaultScheduleStatus.STOPPED
    ),
)
