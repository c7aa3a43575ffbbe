"""Etsy through the pipeline: search and batch are two sights of one listing, not a change of it."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from domain.settings import Settings
from pipeline.poll import poll_day, utc_now
from pipeline.read import read_day
from sandbox.server import SandboxServer
from tests.sandbox import add_watch, set_clock
from tests.sources import control_site, set_fault, truth_of, with_credentials

pytestmark = pytest.mark.integration
URL = "https://www.etsy.com/search?q=sony&order=date_desc"


@pytest.fixture
def watched(conn: psycopg.Connection, settings: Settings, market: SandboxServer) -> Settings:
    control_site(market, "etsy", calls_left=10_000, order_broken=False)
    configured = with_credentials(settings)
    add_watch(conn, configured, URL, "Etsy")
    return configured


def test_polling_what_stands_still_changes_nothing(conn: psycopg.Connection, watched: Settings) -> None:
    day = utc_now().date() - timedelta(days=2)
    outcomes = []
    for _ in range(3):
        poll_day(conn, watched, "etsy", day, run_id="r")
        outcomes.append(read_day(conn, watched, "etsy", day))
    assert outcomes[0].new > 20
    assert outcomes[0].records == 2 * outcomes[0].new, "each listing is seen by search and by batch"
    assert [(one.new, one.changed) for one in outcomes[1:]] == [(0, 0), (0, 0)]
    told = conn.execute(
        "select count(*), count(*) filter (where s.login <> '' and cardinality(l.image_urls) > 0)"
        " from core.listings l left join core.sellers s using (seller_id)"
    ).fetchone()
    assert told == (outcomes[0].new, outcomes[0].new)


def test_prices_of_two_days_are_those_that_the_market_had(
    conn: psycopg.Connection, watched: Settings, market: SandboxServer
) -> None:
    today = utc_now().date()
    for days_ago in (8, 1):
        poll_day(conn, watched, "etsy", today - timedelta(days=days_ago), run_id="r")
        read_day(conn, watched, "etsy", today - timedelta(days=days_ago))
    fell = conn.execute(
        "select l.external_id, min(h.price_minor), max(h.price_minor) from core.price_history h"
        " join core.listings l using (listing_id) group by 1 having min(h.price_minor) < max(h.price_minor)"
    ).fetchall()
    assert fell
    set_clock(market, utc_now() - timedelta(days=1))
    truth = truth_of(market, "etsy")
    set_clock(market, utc_now())
    assert all(low == round(float(str(truth[number]["price"])) * 100) for number, low, _ in fell)


def test_a_refused_batch_leaves_the_search_read_and_the_source_throttled(
    conn: psycopg.Connection, watched: Settings, market: SandboxServer
) -> None:
    set_clock(market, utc_now())
    set_fault(market, "etsy", "throttled", path="/v3/application/listings/batch", seconds=120)
    today = utc_now().date()
    assert poll_day(conn, watched, "etsy", today, run_id="r").state == "throttled"
    assert read_day(conn, watched, "etsy", today).new > 20


def test_a_broken_order_is_got_round_and_is_no_refusal(
    conn: psycopg.Connection, watched: Settings, market: SandboxServer
) -> None:
    set_clock(market, utc_now())
    control_site(market, "etsy", order_broken=True)
    today = utc_now().date()
    assert poll_day(conn, watched, "etsy", today, run_id="r").state == "ok"
    assert read_day(conn, watched, "etsy", today).new > 20
