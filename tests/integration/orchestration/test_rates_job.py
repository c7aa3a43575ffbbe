"""The rates job as Dagster runs it."""

from __future__ import annotations

import dagster as dg
import psycopg
import pytest

from domain.settings import Settings
from tests.integration.orchestration.jobs import metadata_of
from tests.integration.warehouse.samples import listing, page, store_and_load

pytestmark = pytest.mark.integration


def test_the_rates_job_keeps_the_banks_rates_and_warns_of_what_has_none(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    from orchestration.definitions import defs

    store_and_load(conn, page(), [listing(1, currency="BTC"), listing(2, currency="USD"), listing(3)])
    result = defs.resolve_job_def("rates").execute_in_process(instance=instance)
    assert result.success
    told = metadata_of(result, "fx_rates")
    kept = conn.execute("select count(*) from core.fx_rates").fetchone()
    assert kept == (told["dagster/row_count"],)
    assert "ecb: the package's copy" in str(told["said"])
    (check,) = result.get_asset_check_evaluations()
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.metadata["unconvertible"].value == 1
    assert "1 in BTC" in str(check.description)
