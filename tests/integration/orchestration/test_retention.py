"""Retention as an asset, and the pruning of Dagster's own log and of dbt's folders."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from dagster._core.storage.compute_log_manager import ComputeIOType

from domain.settings import Settings
from domain.settings import settings as process_settings
from orchestration.prune import prune_instance
from orchestration.statistics.assets import prune_targets
from pipeline.poll import utc_now
from tests.integration.orchestration.jobs import metadata_of
from warehouse.partitions import ensure_partitions

pytestmark = pytest.mark.integration


def add_run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus = dg.DagsterRunStatus.SUCCESS) -> str:
    return instance.add_run(dg.DagsterRun(job_name="poll", status=status)).run_id


def test_the_care_job_drops_what_is_too_old_and_makes_partitions_ahead(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    from orchestration.definitions import defs

    old = date(2024, 2, 1)
    ensure_partitions(conn, old, old)
    result = defs.resolve_job_def("care").execute_in_process(instance=instance)
    assert result.success
    told = metadata_of(result, "retention")
    assert told["dropped_partitions"] == told["dagster/row_count"] == 2, "one of raw.pages, one of the history"
    assert told["pruned_dagster_runs"] == 0
    partitions = {row[0] for row in conn.execute("select relname from pg_class where relkind = 'r'")}
    assert not [name for name in partitions if "2024" in name]
    ahead = utc_now().date() + timedelta(days=31)
    assert [name for name in partitions if ahead.strftime("%Y") in name and ahead.strftime("%m") in name]


def test_an_archive_that_fails_is_said_and_stops_no_other_care(
    conn: psycopg.Connection,
    settings: Settings,
    instance: dg.DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from orchestration.definitions import defs

    old = date(2024, 2, 1)
    ensure_partitions(conn, old, old)
    conn.execute(
        "insert into ops.scrape_runs (run_id, task, source, day, state, ended_at)"
        " values ('old', 'poll', 'vinted', '2024-02-01', 'success', '2024-02-01')"
    )
    in_the_way = tmp_path / "archive"
    in_the_way.write_text("a file where a folder should be")
    monkeypatch.setenv("PRICESCOPE_ARCHIVE_DIRECTORY", str(in_the_way))
    process_settings.cache_clear()
    result = defs.resolve_job_def("care").execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success
    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert "raw.pages of 2024-02 is not archived" in str(failure.step_failure_data)
    for table in ("raw.pages_2024_02", "core.price_history_2024_02"):
        assert conn.execute("select to_regclass(%s) is not null", (table,)).fetchone() == (True,)
    assert conn.execute("select count(*) from ops.scrape_runs").fetchone() == (0,)


def test_old_ended_runs_are_all_deleted_and_neither_running_nor_recent_ones(instance: dg.DagsterInstance) -> None:
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    for number in range(450):
        add_run(instance, ended[number % 3])
    running = add_run(instance, dg.DagsterRunStatus.STARTED)
    myself = add_run(instance)
    assert prune_instance(instance, keep_days=30, now=utc_now() + timedelta(days=29), keep_run_id=myself) == 0
    later = utc_now() + timedelta(days=31)
    assert prune_instance(instance, keep_days=30, now=later, keep_run_id=myself) == 450
    assert {run.run_id for run in instance.get_runs()} == {running, myself}


def test_what_a_deleted_run_printed_goes_with_it(kept_instance: dg.DagsterInstance) -> None:
    run_id, kept = add_run(kept_instance), add_run(kept_instance, dg.DagsterRunStatus.STARTED)
    logs = kept_instance.compute_log_manager
    for name in (run_id, kept):
        with logs.open_log_stream([name, "compute_logs", "step"], ComputeIOType.STDERR) as stream:
            assert stream is not None
            stream.write("said")
    storage = Path(kept_instance.storage_directory())
    assert (storage / run_id).exists()
    prune_instance(kept_instance, keep_days=30, now=utc_now() + timedelta(days=31), keep_run_id="")
    assert not (storage / run_id).exists()
    assert (storage / kept).exists()


def test_only_the_newest_folders_of_dbt_are_kept_and_nothing_else_is_touched(tmp_path: Path) -> None:
    for number in range(23):
        folder = tmp_path / f"dbt_models-{number:02}"
        folder.mkdir()
        (folder / "manifest.json").write_text("{}")
        os.utime(folder, (number, number))
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "compiled").mkdir()
    assert prune_targets(tmp_path) == 3
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"manifest.json", "compiled", *(f"dbt_models-{number:02}" for number in range(3, 23))}
    assert prune_targets(tmp_path) == 0
