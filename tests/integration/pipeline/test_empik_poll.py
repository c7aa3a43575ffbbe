"""Empik polled from the sandbox into the database: prices over two days, and what each refusal does to the source."""

from __future__ import annotations

import psycopg
import pytest

from domain.settings import Settings
from sandbox.empik.pages import path, product_number
from sandbox.goods import goods
from sandbox.server import SandboxServer
from scrapers.browser import find_chromium
from tests.integration.pipeline import retail_polls
from tests.retail import watch

pytestmark = pytest.mark.integration


@pytest.mark.browser
def test_two_days_give_one_listing_and_its_price_history(conn: psycopg.Connection, settings: Settings) -> None:
    if find_chromium(settings) is None:
        pytest.skip("no Chromium on this machine, and without one there is no price")
    good = retail_polls.changing_good("empik", "PLN")
    watch(conn, settings, "empik", f"https://www.empik.com{path(good)}")
    retail_polls.poll_two_days(conn, settings, "empik")
    assert retail_polls.history(conn) == retail_polls.expected_history(good, product_number(good), "empik", "PLN")
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
    url = f"https://www.empik.com{path(good)}"
    assert retail_polls.poll_under_fault(conn, settings, market, "empik", url, fault) == (state, is_open)
