"""Reddit through the pipeline: a post edited over days is a history of its things."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from domain.settings import Settings
from pipeline.poll import poll_day, utc_now
from pipeline.read import read_day
from sandbox.server import SandboxServer
from tests.sandbox import add_watch, clear_faults
from tests.sources import control_site, set_fault, with_credentials

pytestmark = pytest.mark.integration
URL = "https://www.reddit.com/r/hardwareswap+HardwareSwapUK/new/"


def polled(conn: psycopg.Connection, settings: Settings, days_ago: int) -> str:
    day = utc_now().date() - timedelta(days=days_ago)
    state = poll_day(conn, settings, "reddit", day, run_id="r").state
    read_day(conn, settings, "reddit", day)
    return str(state)


def test_edits_become_prices_and_sales_of_the_same_things(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer
) -> None:
    configured = with_credentials(settings)
    add_watch(conn, configured, URL, "swaps")
    assert [polled(conn, configured, days_ago) for days_ago in (9, 2)] == ["ok", "ok"]
    dropped, sold, currencies = conn.execute("""
        with seen as (
            select l.listing_id, l.currency, h.price_minor, h.availability,
                   lag(h.price_minor) over w as before, lag(h.availability) over w as was
            from core.listings l join core.price_history h using (listing_id) where l.source = 'reddit'
            window w as (partition by l.listing_id order by h.observed_at))
        select count(*) filter (where price_minor < before),
               count(*) filter (where was = 'available' and availability = 'sold'),
               array_agg(distinct currency order by currency)
        from seen""").fetchone() or (0, 0, [])
    assert dropped > 0
    assert sold > 0
    assert currencies == ["GBP", "USD"]
    kinds = conn.execute("select distinct price_kind from core.listings where source = 'reddit'").fetchall()
    assert ("conditional",) in kinds


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("throttled", "throttled"),
        ("unauthorised", "unauthorised"),
        ("changed", "changed"),
        ("challenge_200", "blocked"),
    ],
)
def test_each_refusal_has_its_state_and_is_over_when_it_is_over(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer, fault: str, state: str
) -> None:
    configured = with_credentials(settings)
    add_watch(conn, configured, URL, "swaps")
    assert polled(conn, configured, 0) == "ok"
    set_fault(market, "reddit", fault, seconds=60)
    assert polled(conn, configured, 0) == state
    row = conn.execute("select state from ops.source_state where source = 'reddit'").fetchone()
    assert row == (state,)
    clear_faults(market)
    conn.execute("update ops.source_state set next_attempt_at = now() - interval '1 second'")
    assert polled(conn, configured, 0) == "ok"


def test_a_token_that_reddit_took_back_costs_no_poll(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer
) -> None:
    configured = with_credentials(settings)
    add_watch(conn, configured, URL, "swaps")
    assert polled(conn, configured, 1) == "ok"
    control_site(market, "reddit", revoke=True)
    assert polled(conn, configured, 0) == "ok"
