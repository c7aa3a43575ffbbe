"""The poll job as Dagster runs it, against the sandbox over HTTP: what it leaves in the warehouse and in the log."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import dagster as dg
import psycopg
import pytest
from dagster._serdes import serialize_value

from domain.settings import Settings
from pipeline.poll import utc_now
from sandbox.server import SandboxServer
from tests.integration.orchestration.conftest import SECRET
from tests.integration.orchestration.jobs import URL, errors_of, metadata_of, poll
from tests.sandbox import add_watch, set_clock
from warehouse.digest import table_digests
from warehouse.locks import polling_turn
from warehouse.runs import ScrapeRun, recent_runs

pytestmark = pytest.mark.integration


def run_row(conn: psycopg.Connection, run_id: str) -> ScrapeRun:
    (row,) = [row for row in recent_runs(conn) if row.run_id == run_id]
    return row


def test_a_poll_materialises_its_partition_and_records_what_it_did(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer, instance: dg.DagsterInstance
) -> None:
    set_clock(market, utc_now())
    add_watch(conn, settings, URL, "jeans", max_price=Decimal("25"))
    day = utc_now().date()
    result = poll(instance, day)
    assert result.success, errors_of(result)

    for asset in ("raw_listings", "items", "price_history", "deals"):
        assert instance.get_materialized_partitions(dg.AssetKey(asset)) == {f"{day}|vinted"}, asset
    pages = metadata_of(result, "raw_listings")
    assert pages["dagster/row_count"] == pages["pages"] >= 1
    assert pages["decision"] == "poll"
    items = metadata_of(result, "items")
    assert items["dagster/row_count"] == items["records"] > 50
    assert metadata_of(result, "alerts")["sent"] == 2, "one report, by mail and by Slack"
    for asset in ("raw_listings", "items", "price_history", "deals", "alerts"):
        for value in metadata_of(result, asset).values():
            assert isinstance(value, int | str | dict), "plain values, which the UI can draw"

    row = run_row(conn, result.run_id)
    assert (row.state, row.task, row.source, row.day) == ("success", "poll", "vinted", day)
    assert (row.pages, row.items, row.new_items) == (pages["pages"], items["records"], items["new"])
    assert row.ended_at is not None
    assert set(row.durations_ms) == {"raw_listings", "items", "deals"}
    assert all(taken > 0 for taken in row.durations_ms.values())
    linked = conn.execute("select distinct run_id from raw.pages").fetchall()
    assert linked == [(result.run_id,)]


def test_nothing_secret_reaches_the_event_log(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    add_watch(conn, settings, URL, "jeans")
    result = poll(instance, utc_now().date())
    assert result.success, errors_of(result)
    log = "\n".join(serialize_value(entry) for entry in instance.all_logs(result.run_id))
    log += json.dumps(dict(instance.get_run_by_id(result.run_id).run_config))
    assert "raw_listings" in log
    assert SECRET not in log


def test_polling_again_adds_no_row_and_tells_nobody_twice(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer, instance: dg.DagsterInstance
) -> None:
    set_clock(market, utc_now())
    add_watch(conn, settings, URL, "jeans", max_price=Decimal("25"))
    day = utc_now().date()
    assert poll(instance, day).success
    # The market's clock runs on; a moment back, so that nothing new is there to be found.
    set_clock(market, utc_now() - timedelta(seconds=30))
    before = table_digests(conn)
    told = conn.execute("select count(*), sum(attempts) from app.notifications").fetchone()
    again = poll(instance, day)
    assert again.success, errors_of(again)
    assert metadata_of(again, "alerts")["sent"] == 0
    assert conn.execute("select count(*), sum(attempts) from app.notifications").fetchone() == told
    after = table_digests(conn)
    for table in ("core.listings", "core.price_history", "app.deals", "app.notifications", "ops.quarantine"):
        assert after[table] == before[table], table


def test_a_step_that_fails_leaves_its_error_in_the_run_row(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    add_watch(conn, settings, URL, "jeans")
    conn.execute("alter table app.notifications rename to elsewhere")
    result = poll(instance, utc_now().date())
    assert not result.success
    row = run_row(conn, result.run_id)
    assert row.state == "failure"
    assert row.errors == 1
    assert row.error is not None
    assert row.error.startswith("deals: ")
    assert "app.notifications" in row.error
    assert row.pages > 0, "what was done before stays counted"
    assert set(row.durations_ms) == {"raw_listings", "items", "deals"}
    assert not [event for event in result.get_asset_materialization_events() if event.asset_key == dg.AssetKey("deals")]


def test_a_second_poll_of_a_source_waits_while_one_is_polling(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    add_watch(conn, settings, URL, "jeans")
    with polling_turn(conn, "vinted") as held:
        assert held
        result = poll(instance, utc_now().date())
    assert result.success, errors_of(result)
    pages = metadata_of(result, "raw_listings")
    assert (pages["decision"], pages["pages"]) == ("wait", 0)
    assert conn.execute("select count(*) from raw.pages").fetchone() == (0,)


def test_indexing_reads_more_pages_and_is_recorded_as_such(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    from domain.settings import settings as process_settings

    monkeypatch.setenv("PRICESCOPE_PAGES_PER_POLL", "1")
    monkeypatch.setenv("PRICESCOPE_PAGES_PER_INDEX", "2")
    process_settings.cache_clear()
    add_watch(conn, settings, URL, "jeans")
    result = poll(instance, utc_now().date(), config={"ops": {"raw_listings": {"config": {"index": True}}}})
    assert result.success, errors_of(result)
    row = run_row(conn, result.run_id)
    assert (row.task, row.pages) == ("index", 2)
