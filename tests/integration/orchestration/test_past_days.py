"""Past days: stored pages stand, the web is never asked; a range of days in one run, as the backfill daemon asks."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import httpx2
import psycopg
import pytest

from domain.settings import Settings
from domain.settings import settings as process_settings
from pipeline.imports import import_file
from pipeline.poll import poll_day, utc_now
from sandbox.server import SandboxServer
from tests.integration.orchestration.jobs import URL, errors_of, metadata_of, poll
from tests.sandbox import add_watch
from warehouse.pages import pages_of_day
from warehouse.runs import recent_runs

pytestmark = pytest.mark.integration


def forget_requests(market: SandboxServer) -> None:
    httpx2.delete(f"{market.url}/control/requests").raise_for_status()


def requests_seen(market: SandboxServer) -> int:
    answer = httpx2.get(f"{market.url}/control/requests").json()
    return int(answer["total"])


@pytest.fixture
def as_on_the_real_web(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of one who polls the real Vinted: nothing may be fetched of a past day."""
    monkeypatch.delenv("PRICESCOPE_SANDBOX_URL")
    process_settings.cache_clear()
    return process_settings()


def recorded_page(conn: psycopg.Connection, settings: Settings, folder: Path) -> Path:
    """Return a file as somebody would have saved it: a page that the market sent."""
    day = utc_now().date() - timedelta(days=20)
    poll_day(conn, settings, "vinted", day, run_id="recorder")
    _, page = next(iter(pages_of_day(conn, "vinted", day)))
    path = folder / "page.json"
    path.write_bytes(page.body)
    return path


def test_a_past_day_without_pages_fails_at_once_and_says_what_to_do(
    conn: psycopg.Connection, as_on_the_real_web: Settings, market: SandboxServer, instance: dg.DagsterInstance
) -> None:
    add_watch(conn, as_on_the_real_web, URL, "jeans")
    forget_requests(market)
    day = utc_now().date() - timedelta(days=3)
    result = poll(instance, day)
    assert not result.success
    assert any("pricescope import FILE --day" in message for message in errors_of(result))
    assert not [event for event in result.all_events if event.is_step_up_for_retry], "waiting would not help"
    assert result.get_asset_materialization_events() == []
    assert requests_seen(market) == 0
    (row,) = recent_runs(conn)
    assert row.error is not None
    assert row.error.startswith("raw_listings: PastDayError: No page of vinted is stored for")


def test_a_past_day_with_imported_pages_succeeds_and_fetches_nothing(
    conn: psycopg.Connection,
    settings: Settings,
    market: SandboxServer,
    instance: dg.DagsterInstance,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    add_watch(conn, settings, URL, "jeans")
    path = recorded_page(conn, settings, tmp_path)
    real = request.getfixturevalue("as_on_the_real_web")
    day = utc_now().date() - timedelta(days=3)
    import_file(conn, real, "vinted", path, url=None, day=day, watch_id=None)
    forget_requests(market)
    result = poll(instance, day, tags={"pricescope/task": "import"})
    assert result.success, errors_of(result)
    assert requests_seen(market) == 0
    assert metadata_of(result, "raw_listings")["decision"] == "stored"
    assert metadata_of(result, "items")["new"] > 0
    assert instance.get_materialized_partitions(dg.AssetKey("items")) == {f"{day}|vinted"}
    row = next(row for row in recent_runs(conn) if row.run_id == result.run_id)
    assert (row.task, row.day) == ("import", day)


def test_a_range_of_days_runs_once_and_each_day_lands_under_its_own_date(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    add_watch(conn, settings, URL, "jeans")
    days = [utc_now().date() - timedelta(days=age) for age in (12, 11, 10)]
    tags = {
        "dagster/backfill": "abcdefgh",
        "dagster/asset_partition_range_start": f"{days[0]}|vinted",
        "dagster/asset_partition_range_end": f"{days[-1]}|vinted",
    }
    result = poll(instance, None, tags=tags)
    assert result.success, errors_of(result)
    keys = {f"{day}|vinted" for day in days}
    for asset in ("raw_listings", "items", "price_history"):
        assert instance.get_materialized_partitions(dg.AssetKey(asset)) == keys
    rows = {row.day: row for row in recent_runs(conn)}
    assert set(rows) == set(days)
    assert {row.task for row in rows.values()} == {"backfill"}
    assert all(row.pages > 0 and row.items > 0 for row in rows.values())
    found = conn.execute("select distinct observed_at::date from core.price_history order by 1").fetchall()
    assert found[0] == (days[0],)
    assert {day for (day,) in found} <= set(days)


def test_a_day_that_has_not_come_is_no_partition(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    tomorrow: date = utc_now().date() + timedelta(days=1)
    with pytest.raises(dg.DagsterUnknownPartitionError):
        poll(instance, tomorrow)
