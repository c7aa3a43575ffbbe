"""Allegro polled from the sandbox into the database: prices over two days, and what each refusal does to the source."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from domain.settings import Settings
from pipeline.poll import poll_day, utc_now
from pipeline.read import read_day
from sandbox.allegro.pages import offer_id
from sandbox.goods import goods
from sandbox.server import SandboxServer
from tests.integration.pipeline import retail_polls
from tests.retail import watch
from tests.sandbox import clear_faults, set_clock, set_fault

pytestmark = pytest.mark.integration


def test_two_days_give_one_listing_and_its_price_history(conn: psycopg.Connection, settings: Settings) -> None:
    good = retail_polls.changing_good("allegro", "PLN")
    watch(conn, settings, "allegro", f"https://allegro.pl/oferta/{offer_id(good)}")
    retail_polls.poll_two_days(conn, settings, "allegro")
    assert retail_polls.history(conn) == retail_polls.expected_history(good, offer_id(good), "allegro", "PLN")
    assert conn.execute("select count(*) from core.listings").fetchone() == (1,)
    assert conn.execute("select state from ops.source_state").fetchone() == ("ok",)


@pytest.mark.parametrize(
    ("fault", "state", "is_open"),
    [
        ("challenge", "blocked", True),
        ("challenge_200", "blocked", True),
        ("throttled", "throttled", False),
        ("changed", "changed", True),
    ],
)
def test_a_refusal_is_the_sources_state(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer, fault: str, state: str, is_open: bool
) -> None:
    good = goods()[0]
    url = f"https://allegro.pl/oferta/{offer_id(good)}"
    assert retail_polls.poll_under_fault(conn, settings, market, "allegro", url, fault) == (state, is_open)


def test_an_offer_that_has_ended_leaves_the_market(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer
) -> None:
    good = next(one for one in goods() if one.is_steady)
    watch(conn, settings, "allegro", f"https://allegro.pl/oferta/{offer_id(good)}")
    set_clock(market, utc_now())
    yesterday = utc_now().date() - timedelta(days=1)
    poll_day(conn, settings, "allegro", yesterday, run_id="sold")
    read_day(conn, settings, "allegro", yesterday)
    known = "select is_active from core.listings join core.listing_state using (listing_id) where external_id = %s"
    assert conn.execute(known, [offer_id(good)]).fetchone() == (True,)
    set_fault(market, "withdrawn", source="allegro")
    try:
        assert poll_day(conn, settings, "allegro", utc_now().date(), run_id="gone").meanings == {"gone": 1}
    finally:
        clear_faults(market)
    read_day(conn, settings, "allegro", utc_now().date())
    assert conn.execute(known, [offer_id(good)]).fetchone() == (False,)
    assert len(set(retail_polls.history(conn))) == 1, "what is gone has no other price"
