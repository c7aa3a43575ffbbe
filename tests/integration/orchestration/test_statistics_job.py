"""The heavy location: Great Expectations on the batch, then dbt, which a corrupt batch must keep from running."""

from __future__ import annotations

import dagster as dg
import psycopg
import pytest

from domain.settings import Settings
from orchestration.statistics.dbt_files import PROJECT_DIR
from pipeline.poll import poll_day, utc_now
from pipeline.read import read_day
from tests.integration.orchestration.jobs import URL
from tests.sandbox import add_watch
from warehouse.connect import DatabaseUrl

pytestmark = pytest.mark.integration
LOGIN = "xx_private_login_xx"


@pytest.fixture
def filled(
    conn: psycopg.Connection, settings: Settings, database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> psycopg.Connection:
    """A warehouse with a page or more of listings; the environment that dbt gets is taken back afterwards."""
    for name, value in database.dbt_environment().items():
        monkeypatch.setenv(name, value)
    add_watch(conn, settings, URL, "jeans")
    day = utc_now().date()
    poll_day(conn, settings, "vinted", day, run_id="r")
    read_day(conn, settings, "vinted", day)
    return conn


def run_statistics(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    from orchestration.statistics.definitions import defs

    return defs.resolve_job_def("statistics").execute_in_process(instance=instance, raise_on_error=False)


def test_a_good_batch_is_checked_and_every_model_built_and_tested(
    filled: psycopg.Connection, instance: dg.DagsterInstance
) -> None:
    result = run_statistics(instance)
    assert result.success
    built = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert {
        "items_batch",
        "pages_batch",
        "history_batch",
        "marts/watch_condition_stats",
        "marts/watch_price_trends",
        "marts/source_daily_stats",
    } <= built
    checks = result.get_asset_check_evaluations()
    assert all(check.passed for check in checks if check.severity == dg.AssetCheckSeverity.ERROR)
    assert {check.check_name for check in checks if check.asset_key == dg.AssetKey("items_batch")} >= {
        "price_present",
        "currency_is_iso_4217",
    }
    of_figures = [check for check in checks if check.check_name.startswith("gx_")]
    assert len(of_figures) > 20, "the figures of the marts are checked once they are built"
    assert [check.check_name for check in of_figures if not check.passed] == []
    assert all({"rows", "evaluated"} <= check.metadata.keys() for check in of_figures)
    of_dbt = [check for check in checks if check.asset_key.path[0] == "marts"]
    assert len(of_dbt) > 10, "dbt's tests are checks of the models they test"
    (rows,) = filled.execute("select count(*) from marts.watch_condition_stats").fetchone() or (0,)
    assert rows > 0
    assert len(list((PROJECT_DIR / "target").glob("dbt_models-*"))) <= 20


def test_a_corrupt_batch_fails_its_blocking_check_and_keeps_dbt_from_running(
    filled: psycopg.Connection, instance: dg.DagsterInstance
) -> None:
    (constraint,) = filled.execute(
        "select conname from pg_constraint where conrelid = 'core.listing_state'::regclass and contype = 'c'"
        " and pg_get_constraintdef(oid) like '%%currency%%'"
    ).fetchone() or ("",)
    filled.execute(f'alter table core.listing_state drop constraint "{constraint}"')
    filled.execute(
        "update core.listing_details set title = %s, url = 'https://www.vinted.fr/member/' || %s"
        " where listing_id = (select min(listing_id) from core.listings)",
        [LOGIN] * 2,
    )
    filled.execute(
        "update core.listing_state set currency = %s where listing_id = (select min(listing_id) from core.listings)",
        [LOGIN],
    )
    filled.execute("update core.sellers set login = %s", [LOGIN])
    filled.execute("update app.watches set name = %s", [LOGIN])
    result = run_statistics(instance)
    assert not result.success
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed and check.blocking]
    assert [check.check_name for check in failed] == ["currency_is_iso_4217"]
    counts = {name: entry.value for name, entry in failed[0].metadata.items()}
    assert counts["unexpected"] == 1
    assert counts["evaluated"] == counts["rows"] > 10
    assert 0 < counts["unexpected_percent"] < 10
    assert all(isinstance(value, (int, float)) for value in counts.values())
    assert LOGIN not in repr(instance.all_logs(result.run_id))
    built = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert built <= {"items_batch", "pages_batch", "history_batch"}
    assert filled.execute("select to_regclass('marts.watch_condition_stats')").fetchone() == (None,)
