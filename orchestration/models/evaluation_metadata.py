"""How an evaluation looks in Dagster: its checks, its tables and plots as metadata.

Belongs here: Dagster's types round the figures and words. Does not: thresholds (``ml.backtest.standards``).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from ml.backtest.run import Backtest
    from ml.backtest.standards import Finding
    from pipeline.evaluate import Evaluation, MarketEvaluation

# Dagster keeps metadata in its event log: the plots of more markets are on disk only.
_INLINE_MARKETS = 3


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
