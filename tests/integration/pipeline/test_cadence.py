"""Which watches a poll takes, how often each is checked, and what the day's budget stops."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from domain.settings import Settings
from pipeline.cadence import plan_source
from pipeline.poll import Extent, PollOutcome, poll_day, utc_now
from pipeline.read import read_day
from sandbox.server import SandboxServer
from tests.sandbox import add_watch, set_clock
from warehouse.cadence import list_cadences, next_due
from warehouse.watches import update_watch

pytestmark = pytest.mark.integration
URL = "https://www.vinted.fr/catalog?search_text=levi%27s+501&order=newest_first"
ONLY_DUE = Extent(only_due=True)


@pytest.fixture
def plain(settings: Settings, market: SandboxServer) -> Settings:
    """One page a poll, no browser; the market stands at today."""
    set_clock(market, utc_now())
    return settings.model_copy(update={"chromium_path": settings.home / "no-browser", "pages_per_poll": 1})


def _poll(conn: psycopg.Connection, settings: Settings, extent: Extent = ONLY_DUE) -> PollOutcome:
    return poll_day(conn, settings, "vinted", utc_now().date(), run_id="r", extent=extent)


def test_a_watch_is_due_at_once_then_after_its_interval(conn: psycopg.Connection, plain: Settings) -> None:
    watch = add_watch(conn, plain, URL, "jeans")
    assert next_due(conn, "vinted") is None
    assert _poll(conn, plain).watches == 1
    (cadence,) = list_cadences(conn).values()
    assert cadence.watch_id == watch.watch_id
    assert timedelta(seconds=cadence.interval_seconds) == timedelta(minutes=5), "the budget bears the shortest"
    assert next_due(conn, "vinted") == cadence.due_at
    slow = plain.model_copy(update={"shortest_interval_minutes": 60})
    assert _poll(conn, slow, Extent()).watches == 1, "a poll by hand asks for all"
    assert _poll(conn, slow).watches == 0
    conn.execute("update ops.watch_cadence set due_at = now()")
    assert _poll(conn, slow).watches == 1


def test_under_a_tight_budget_the_watch_that_brings_more_is_checked_more_often(
    conn: psycopg.Connection, plain: Settings
) -> None:
    busy = add_watch(conn, plain, URL, "busy")
    quiet = add_watch(conn, plain, f"{URL}&price_to=1", "quiet")
    today = utc_now().date()
    for _ in range(2):
        poll_day(conn, plain, "vinted", today, run_id="r")
        read_day(conn, plain, "vinted", today)
    conn.execute("update app.watch_listings set is_initial = false where watch_id = %s", (busy.watch_id,))
    tight = plain.model_copy(update={"source_daily_requests": {"vinted": 20}})
    plan = plan_source(conn, tight, "vinted", utc_now())
    assert plan[busy.watch_id] < plan[quiet.watch_id] / 3
    kept = list_cadences(conn)
    assert kept[busy.watch_id].arrivals_per_day > 10 * kept[quiet.watch_id].arrivals_per_day
    spent = sum(row.requests_per_check * 86400 / row.interval_seconds for row in kept.values())
    assert spent == pytest.approx(20, rel=0.01)


def test_an_interval_that_is_asked_for_is_kept(conn: psycopg.Connection, plain: Settings) -> None:
    watch = add_watch(conn, plain, URL, "jeans")
    update_watch(conn, watch.watch_id, check_every_minutes=180)
    assert plan_source(conn, plain, "vinted", utc_now())[watch.watch_id] == timedelta(hours=3)


def test_when_the_days_budget_is_spent_the_rest_stays_due_and_the_poll_says_so(
    conn: psycopg.Connection, plain: Settings
) -> None:
    for number in range(3):
        add_watch(conn, plain, f"{URL}&price_to={50 + number}", f"jeans {number}")
    frugal = plain.model_copy(update={"source_daily_requests": {"vinted": 2}})
    outcome = _poll(conn, frugal)
    assert (outcome.watches, outcome.left_due) == (2, 1)
    assert "budget of 2 requests is spent" in outcome.detail
    assert next_due(conn, "vinted") is None, "the third is due still"
    assert _poll(conn, frugal).watches == 0
    assert _poll(conn, plain).watches == 1


def test_a_poll_out_of_time_leaves_the_rest_due(conn: psycopg.Connection, plain: Settings) -> None:
    add_watch(conn, plain, URL, "jeans")
    hurried = plain.model_copy(update={"poll_minutes": 0})
    outcome = _poll(conn, hurried)
    assert (outcome.watches, outcome.left_due) == (0, 1)
    assert "PRICESCOPE_POLL_MINUTES" in outcome.detail
    assert _poll(conn, plain).watches == 1
