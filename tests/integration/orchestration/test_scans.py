"""A range scan that stands still is gone on with by its job."""

from __future__ import annotations

import dagster as dg
import psycopg
import pytest

from domain.settings import Settings
from orchestration.polling.schedules import build_schedules
from orchestration.resources import default_resources
from pipeline.poll import utc_now
from pipeline.scan import Scanning, scan_range, scan_statuses
from pipeline.scan_progress import ScanProgress, ScanRange, ScanState

pytestmark = pytest.mark.integration
RANGE = ScanRange(source="uzum", first=1, last=60)


class KilledError(Exception):
    """Stands for the end of the process."""


def evaluate_schedule(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    (schedule,) = [one for one in build_schedules() if one.name == "scans_two_hourly"]
    return schedule(dg.build_schedule_context(instance=instance, resources=default_resources()))


def test_a_scan_that_was_cut_off_is_finished_by_the_job(
    conn: psycopg.Connection, settings: Settings, kept_instance: dg.DagsterInstance
) -> None:
    from orchestration.definitions import defs

    assert isinstance(evaluate_schedule(kept_instance), dg.SkipReason)

    def cut_off(progress: ScanProgress) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        scan_range(conn, settings, RANGE, Scanning(chunk_ids=20), cut_off)
    assert isinstance(evaluate_schedule(kept_instance), dg.RunRequest)
    assert defs.resolve_job_def("scans").execute_in_process(instance=kept_instance).success
    (status,) = scan_statuses(conn, "uzum", utc_now())
    assert status.progress.state is ScanState.DONE
    assert isinstance(evaluate_schedule(kept_instance), dg.SkipReason)
