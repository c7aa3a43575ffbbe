"""The open data as an asset: what it wrote, told in Dagster's terms."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import psycopg
import pytest

from domain.settings import Settings
from tests.integration.orchestration.jobs import metadata_of
from tests.integration.warehouse.samples import listing, page, store_and_load
from warehouse.open_data import damaged_files, read_manifest

pytestmark = pytest.mark.integration


def test_the_export_job_writes_the_open_data_and_says_how_much(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    from orchestration.definitions import defs

    store_and_load(conn, page(0), [listing(number) for number in range(7)])
    job = defs.resolve_job_def("export")
    result = job.execute_in_process(instance=instance)
    assert result.success
    told = metadata_of(result, "open_data")
    assert told["dagster/row_count"] == 7 + 7 + 1 + 1, "history, listings, a page and its reading"
    assert told["rows_by_table"]["listings"] == 7
    manifest = read_manifest(settings.home / "open-data")
    assert manifest is not None
    assert manifest.finished_at is not None
    assert Path(str(told["manifest"])) == (settings.home / "open-data" / "manifest.json").absolute()

    chosen = {"tables": ["listings"], "directory": str(tmp_path / "elsewhere")}
    result = job.execute_in_process(instance=instance, run_config={"ops": {"open_data": {"config": chosen}}})
    assert metadata_of(result, "open_data")["dagster/row_count"] == 7
    assert damaged_files(tmp_path / "elsewhere") == []
    assert {path.name for path in (tmp_path / "elsewhere").glob("table=*")} == {"table=listings"}
