"""Amazon polled from the sandbox into the database: prices over two days, and what each refusal does to the source."""

from __future__ import annotations

import psycopg
import pytest

from domain.settings import Settings
from sandbox.amazon.pages import asin
from sandbox.goods import goods
from sandbox.server import SandboxServer
from tests.integration.pipeline import retail_polls
from tests.retail import watch

pytestmark = pytest.mark.integration


def test_two_days_give_one_listing_and_its_price_history(conn: psycopg.Connection, settings: Settings) -> None:
    good = retail_polls.changing_good("amazon.de", "EUR")
    watch(conn, settings, "amazon", f"https://www.amazon.de/dp/{asin(good)}")
    retail_polls.poll_two_days(conn, settings, "amazon")
    assert retail_polls.history(conn) == retail_polls.expected_history(good, f"{asin(good)}@de", "amazon.de", "EUR")
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
    url = f"https://www.amazon.de/dp/{asin(good)}"
    assert retail_polls.poll_under_fault(conn, settings, market, "amazon", url, fault) == (state, is_open)
