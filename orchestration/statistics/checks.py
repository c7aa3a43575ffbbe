"""Great Expectations on the items of the last two days, as asset checks; critical ones stop the statistics.

A poll guards its own history row by row (constraints and quarantine, in the page's transaction); this looks at the
batch as a whole and keeps a corrupt one out of the statistics that deals are judged by.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.resources import WarehouseResource
from quality.suites import ITEMS_SUITE, Severity

_SEVERITY = {Severity.CRITICAL: dg.AssetCheckSeverity.ERROR, Severity.WARNING: dg.AssetCheckSeverity.WARN}


@dg.multi_asset_check(
    name="items_quality",
    specs=[
        dg.AssetCheckSpec(
            expectation.slug, asset="items", description=expectation.description, blocking=expectation.blocking
        )
        for expectation in ITEMS_SUITE.expectations
    ],
)
def items_quality(warehouse: WarehouseResource) -> Iterator[dg.AssetCheckResult]:
    """Yield one result an expectation: counts and shares only, never a raw value."""
    from pipeline.quality import check_items  # noqa: PLC0415 - great_expectations costs five seconds to import

    with warehouse.connection("quality") as conn:
        results = check_items(conn)
    for result in results:
        counts = {
            "rows": result.rows,
            "unexpected": result.unexpected_count,
            "unexpected_percent": result.unexpected_percent,
        }
        yield dg.AssetCheckResult(
            asset_key="items",
            check_name=result.slug,
            passed=result.passed,
            severity=_SEVERITY[result.severity],
            description=result.detail or result.description,
            metadata={name: value for name, value in counts.items() if value is not None},
        )
