"""Great Expectations on every stored layer, as asset checks; blocking ones stop the statistics.

A poll guards its own history row by row (constraints and quarantine, in the page's transaction); this looks at batches
as a whole and keeps a corrupt one out of the statistics that deals are judged by.

The checks of pages, items and history are those of assets of this code location (``pages_batch`` ...), not of the
tables' own: a run of ``items`` in the light location would have to know them, and import what they need. The checks of
a mart are the mart's.
"""

from collections.abc import Iterator, Mapping

import dagster as dg

from orchestration.resources import WarehouseResource
from orchestration.statistics.manifest import mart_columns
from quality.run import ExpectationResult
from quality.suites import HISTORY_SUITE, ITEMS_SUITE, PAGES_SUITE, mart_suite
from quality.vocabulary import Severity, Suite

_SEVERITY = {Severity.CRITICAL: dg.AssetCheckSeverity.ERROR, Severity.WARNING: dg.AssetCheckSeverity.WARN}
# The table behind each batch, and the asset that fills it.
BATCHES = {"raw_listings": PAGES_SUITE, "items": ITEMS_SUITE, "price_history": HISTORY_SUITE}
MARTS = mart_columns()
# dbt's own tests are checks of the same assets.
_PREFIX = "gx_"


def _batch_asset(upstream: str, suite: Suite) -> dg.AssetsDefinition:
    @dg.asset(
        name=f"{suite.name}_batch",
        deps=[upstream],
        group_name="quality",
        kinds={"greatexpectations", "postgres"},
        owners=["team:pricescope"],
        description=f"{suite.title}, looked at as one batch: {suite.reads}.",
        check_specs=[
            dg.AssetCheckSpec(
                expectation.slug,
                asset=f"{suite.name}_batch",
                description=expectation.sentence,
                blocking=expectation.blocking,
            )
            for expectation in suite.expectations
        ],
    )
    def batch(warehouse: WarehouseResource) -> Iterator[dg.MaterializeResult[None]]:
        from pipeline.quality import check_layer  # noqa: PLC0415 - great_expectations costs five seconds to import

        with warehouse.connection("quality") as conn:
            evaluation = check_layer(conn, suite)
        yield dg.MaterializeResult(
            metadata={"dagster/row_count": evaluation.rows, "failed_checks": len(evaluation.failed)},
            check_results=[_result(result) for result in evaluation.results],
        )

    return batch


BATCH_ASSETS = {upstream: _batch_asset(upstream, suite) for upstream, suite in BATCHES.items()}


@dg.multi_asset_check(
    name="mart_figures",
    specs=[
        dg.AssetCheckSpec(
            f"{_PREFIX}{expectation.slug}", asset=dg.AssetKey(["marts", table]), description=expectation.sentence
        )
        for table, columns in MARTS.items()
        for expectation in mart_suite(table, columns).expectations
    ],
    can_subset=True,
)
def mart_figures(context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource) -> Iterator[dg.AssetCheckResult]:
    """Hold the figures of each mart against what its column names promise; they inform, and block nothing."""
    from pipeline.quality import check_mart  # noqa: PLC0415 - great_expectations costs five seconds to import

    selected = context.selected_asset_check_keys
    tables = {key.asset_key.path[-1] for key in selected}
    with warehouse.connection("quality") as conn:
        for table, columns in MARTS.items():
            evaluation = check_mart(conn, table, columns) if table in tables else None
            asset_key = dg.AssetKey(["marts", table])
            for result in () if evaluation is None else evaluation.results:
                if dg.AssetCheckKey(asset_key, _PREFIX + result.slug) in selected:
                    yield _result(result, asset_key=asset_key, prefix=_PREFIX)


def _result(
    result: ExpectationResult, *, asset_key: dg.AssetKey | None = None, prefix: str = ""
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=prefix + result.slug,
        passed=result.passed,
        severity=_SEVERITY[result.severity],
        description=result.detail or result.description,
        metadata=_counts(result),
    )


def _counts(result: ExpectationResult) -> Mapping[str, float]:
    """Return counts and shares only, never a raw value: titles and addresses can hold personal data."""
    counts = {
        "rows": result.rows,
        "evaluated": result.evaluated,
        "unexpected": result.unexpected_count,
        "unexpected_percent": result.unexpected_percent,
        "observed": result.observed,
    }
    return {name: value for name, value in counts.items() if value is not None}
