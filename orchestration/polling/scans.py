"""Range scans of id-numbered catalogues, kept alive: those that were killed or whose wait is over go on."""

import dagster as dg

from orchestration.resources import SettingsResource, WarehouseResource
from pipeline.poll import utc_now
from pipeline.scan import ScanError, Scanning, ensure_scans, scan_range


@dg.op
def resume_scans(context: dg.OpExecutionContext, warehouse: WarehouseResource, app_settings: SettingsResource) -> None:
    """Go on with every scan that should be under way and is not; each chunk is a transaction of its own."""
    with warehouse.connection("scans") as conn:
        waiting = ensure_scans(conn, utc_now())
    for scan in waiting:
        with warehouse.connection("scan") as conn:
            try:
                progress = scan_range(conn, app_settings.get(), scan, Scanning(again=True, run_id=context.run_id))
            except ScanError as error:
                # The source refuses for now, or another process was quicker; the next tick looks again.
                context.log.warning("%s: %s", scan.name, error)
                continue
        context.log.info("%s: %s, cycle %d", scan.name, progress.state, progress.cycle)


@dg.job(
    tags={"dagster/max_runtime": str(7 * 3600)},
    description="Go on with range scans that were killed or waited; each resumes from its checkpoint.",
)
def scans() -> None:
    """Resume scans."""
    resume_scans()
