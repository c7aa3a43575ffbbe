"""Every source through the pipeline: pages kept, listings with a history, and a state that says how it is."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from domain.settings import Settings
from pipeline.overview import source_overview
from pipeline.poll import poll_day, utc_now
from pipeline.read import read_day
from sandbox.server import SandboxServer
from sandbox.sites import demo_watches
from scrapers.registry import source_names
from tests.sandbox import add_watch, clear_faults, set_clock
from tests.sources import NEED_CREDENTIALS, set_fault, with_credentials

pytestmark = pytest.mark.integration
OTHERS = [name for name in source_names() if name != "vinted"]


def watched(conn: psycopg.Connection, settings: Settings, market: SandboxServer, name: str) -> None:
    for watch in [watch for watch in demo_watches(market.url) if watch.source == name][:3]:
        add_watch(conn, settings, watch.url, watch.name)


def state(conn: psycopg.Connection, name: str) -> tuple[str, bool]:
    row = conn.execute("select state, is_blocked from ops.source_state where source = %s", (name,)).fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.mark.parametrize("name", OTHERS)
def test_days_of_a_source_become_listings_with_a_history(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer, name: str
) -> None:
    configured = with_credentials(settings)
    watched(conn, configured, market, name)
    today = utc_now().date()
    for days_ago in (6, 3, 1):
        day = today - timedelta(days=days_ago)
        poll_day(conn, configured, name, day, run_id="h")
        read_day(conn, configured, name, day)
    assert state(conn, name) == ("ok", False)
    counts = conn.execute(
        "select count(*), count(distinct l.listing_id), count(distinct h.observed_at::date)"
        " from core.listings l join core.price_history h using (listing_id) where l.source = %s",
        (name,),
    ).fetchone()
    assert counts is not None
    rows, listings, days = counts
    assert listings > 0
    assert days == 3
    assert rows > listings
    before = conn.execute("select count(*) from core.price_history").fetchone()
    for days_ago in (6, 3, 1):
        read_day(conn, configured, name, today - timedelta(days=days_ago), again=True)
    assert conn.execute("select count(*) from core.price_history").fetchone() == before


@pytest.mark.parametrize("name", OTHERS)
def test_a_source_that_refuses_is_blocked_after_four_and_answers_again(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer, name: str
) -> None:
    set_clock(market, utc_now())
    configured = with_credentials(settings)
    watch = next(watch for watch in demo_watches(market.url) if watch.source == name)
    add_watch(conn, configured, watch.url, watch.name)
    today = utc_now().date()
    set_fault(market, name, "challenge")
    for failures in (1, 2, 3, 4):
        poll_day(conn, configured, name, today, run_id="r")
        assert state(conn, name) == ("blocked", failures > 3)
    assert poll_day(conn, configured, name, today, run_id="r").decision == "wait"
    clear_faults(market)
    conn.execute("update ops.source_state set next_attempt_at = now() - interval '1 second'")
    probe = poll_day(conn, configured, name, today, run_id="r")
    assert probe.decision == "probe"
    assert state(conn, name) == ("ok", False)


@pytest.mark.parametrize("name", [name for name in NEED_CREDENTIALS if name in OTHERS])
def test_a_source_without_credentials_waits_and_says_so_until_they_are_there(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer, name: str
) -> None:
    set_clock(market, utc_now())
    watch = next(watch for watch in demo_watches(market.url) if watch.source == name)
    configured = with_credentials(settings)
    add_watch(conn, configured, watch.url, watch.name)
    outcome = poll_day(conn, settings, name, utc_now().date(), run_id="r")
    assert (outcome.decision, outcome.state, outcome.pages) == ("wait", "not_configured", 0)
    assert "PRICESCOPE_" in outcome.detail
    outcome = poll_day(conn, configured, name, utc_now().date(), run_id="r")
    assert (outcome.decision, outcome.state) == ("poll", "ok")


def test_looking_at_the_sources_changes_none(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer
) -> None:
    set_clock(market, utc_now())
    configured = with_credentials(settings)
    watched(conn, configured, market, "ebay")
    poll_day(conn, configured, "ebay", utc_now().date(), run_id="r")
    rows = {row.source: row for row in source_overview(conn, settings, utc_now())}
    assert rows["ebay"].state == "not_configured", "this shell has no credentials"
    assert rows["ebay"].watches > 0
    assert rows["ebay"].requests_today > 0
    assert state(conn, "ebay") == ("ok", False), "the pipeline that polls has them"
