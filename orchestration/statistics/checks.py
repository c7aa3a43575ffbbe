"""Great Expectations on the items of the last two days, as asset checks; critical ones stop the statistics.

A poll guards its own history row by row (constraints and quarantine, in the page's transaction); this looks at the
batch as a whole and keeps a corrupt one out of the statistics that deals are judged by.

The checks are those of an asset of this code location, not of ``items``: a run of ``items`` in the light location
would have to know them, and import what they need.
"""

from collections.abc import Iterator, Mapping

import dagster as dg

from orchestration.resources import WarehouseResource
from quality.run import ExpectationResult
from quality.suites import ITEMS_SUITE, Severity

_SEVERITY = {Severity.CRITICAL: dg.AssetCheckSeverity.ERROR, Severity.WARNING: dg.AssetCheckSeverity.WARN}


@dg.asset(
    deps=["items"],
    group_name="quality",
    kinds={"greatexpectations", "postgres"},
    owners=["team:pricescope"],
    check_specs=[
        dg.AssetCheckSpec(
            expectation.slug, asset="items_batch", description=expectation.description, blocking=expectation.blocking
        )
        for expectation in ITEMS_SUITE.expectations
    ],
)
def items_batch(warehouse: WarehouseResource) -> Iterator[dg.MaterializeResult[None]]:
    """The cleaned items of the last two days, looked at as one batch; the statistics wait for its blocking checks."""
    from pipeline.quality import check_items  # noqa: PLC0415 - great_expectations costs five seconds to import

    with warehouse.connection("quality") as conn:
        results = check_items(conn)
    rows = max((result.rows for result in results), default=0)
    yield dg.MaterializeResult(
        metadata={"dagster/row_count": rows},
        check_results=[
            dg.AssetCheckResult(
                check_name=result.slug,
                passed=result.passed,
                severity=_SEVERITY[result.severity],
                description=result.detail or result.description,
                metadata=_counts(result),
            )
            for result in results
        ],
    )


def _counts(result: ExpectationResult) -> Mapping[str, float]:
    """Return counts and shares only, never a raw value: titles and addresses can hold personal data."""
    counts = {
        "rows": result.rows,
        "unexpected": result.unexpected_count,
        "unexpected_percent": result.unexpected_percent,
    }
    return {name: value for name, value in counts.items() if value is not None}
