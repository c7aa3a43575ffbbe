"""eBay through the pipeline: bids and groups are no prices to compare, and a day's quota ends a poll quietly."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from domain.settings import Settings
from pipeline.poll import poll_day, utc_now
from pipeline.read import read_day
from sandbox.server import SandboxServer
from tests.sandbox import add_watch, set_clock
from tests.sources import control_site, set_fault, with_credentials

pytestmark = pytest.mark.integration
URL = "https://www.ebay.de/sch/i.html?_nkw=sony&_sop=10"


@pytest.fixture
def configured(settings: Settings, market: SandboxServer) -> Settings:
    control_site(market, "ebay", ttl_seconds=7200, calls_left=5000)
    return with_credentials(settings)


def test_polling_what_stands_still_changes_nothing(conn: psycopg.Connection, configured: Settings) -> None:
    add_watch(conn, configured, f"{URL}&LH_BIN=1&LH_Auction=1", "eBay")
    day = utc_now().date() - timedelta(days=2)
    outcomes = []
    for _ in range(2):
        poll_day(conn, configured, "ebay", day, run_id="r")
        outcomes.append(read_day(conn, configured, "ebay", day))
    assert outcomes[0].new > 20
    assert (outcomes[1].new, outcomes[1].changed, outcomes[1].quarantined) == (0, 0, 0)
    kinds = dict(
        conn.execute("select price_kind, count(*) from core.listings where source = 'ebay' group by 1").fetchall()
    )
    assert set(kinds) == {"price", "from", "current_bid"}


def test_a_search_whose_filter_ebay_ignored_stores_nothing(
    conn: psycopg.Connection, configured: Settings, market: SandboxServer
) -> None:
    set_clock(market, utc_now())
    watch = add_watch(conn, configured, f"{URL}&_sacat=257", "eBay")
    # A category that the brand's filter does not agree with: eBay warns and answers without the filter.
    conn.execute(
        "update app.watches set params = params || %s where watch_id = %s",
        ('{"category_ids": "257", "brands": ["Sony}|{"]}', watch.watch_id),
    )
    today = utc_now().date()
    assert poll_day(conn, configured, "ebay", today, run_id="r").meanings == {"changed": 1}
    assert read_day(conn, configured, "ebay", today).new == 0
    assert conn.execute("select count(*) from core.listings").fetchone() == (0,)


@pytest.mark.parametrize(
    ("fault", "path", "state"),
    [
        ("unauthorised", "/identity", "unauthorised"),
        ("throttled", "/buy", "throttled"),
        ("changed", "/buy", "changed"),
        ("challenge_200", "/buy", "blocked"),
    ],
)
def test_each_refusal_leaves_the_source_in_its_state(
    conn: psycopg.Connection, configured: Settings, market: SandboxServer, fault: str, path: str, state: str
) -> None:
    set_clock(market, utc_now())
    add_watch(conn, configured, URL, "eBay")
    set_fault(market, "ebay", fault, path=path, seconds=60)
    outcome = poll_day(conn, configured, "ebay", utc_now().date(), run_id="r")
    kept = conn.execute("select state from ops.source_state where source = 'ebay'").fetchone()
    assert kept == (outcome.state,)
    assert outcome.state == state
    assert read_day(conn, configured, "ebay", utc_now().date()).new == 0


def test_a_token_revoked_in_the_night_costs_one_answer_and_is_no_refusal(
    conn: psycopg.Connection, configured: Settings, market: SandboxServer
) -> None:
    set_clock(market, utc_now())
    add_watch(conn, configured, URL, "eBay")
    today = utc_now().date()
    assert poll_day(conn, configured, "ebay", today, run_id="r").state == "ok"
    control_site(market, "ebay", revoke=True)
    outcome = poll_day(conn, configured, "ebay", today, run_id="r")
    assert outcome.state == "ok"
    assert outcome.meanings.get("ok")
