"""Freshness and volume of each source against its own past: light SQL, so they can run after every poll.

Dagster's own freshness policy looks at an asset's last materialisation, so one live source would hide a dead one.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.resources import SettingsResource, WarehouseResource
from pipeline.health import Grade, source_findings
from pipeline.poll import utc_now
from scrapers.registry import source_names

_SEVERITY = {Grade.ERROR: dg.AssetCheckSeverity.ERROR, Grade.WARNING: dg.AssetCheckSeverity.WARN}
KINDS = ("freshness", "volume")


@dg.multi_asset_check(
    name="source_health",
    specs=[
        dg.AssetCheckSpec(f"{source}_{kind}", asset="items", description=f"{kind} of {source} against its own past")
        for source in source_names()
        for kind in KINDS
    ],
    can_subset=True,
)
def source_health(
    context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource, app_settings: SettingsResource
) -> Iterator[dg.AssetCheckResult]:
    """Yield one result a source and kind."""
    selected = {key.name for key in context.selected_asset_check_keys}
    with warehouse.connection("health") as conn:
        for finding in source_findings(conn, app_settings.get(), list(source_names()), utc_now()):
            if finding.name in selected:
                yield dg.AssetCheckResult(
                    asset_key="items",
                    check_name=finding.name,
                    passed=finding.grade is Grade.OK,
                    severity=_SEVERITY.get(finding.grade, dg.AssetCheckSeverity.WARN),
                    description=finding.sentence,
                    metadata=finding.numbers,
                )
