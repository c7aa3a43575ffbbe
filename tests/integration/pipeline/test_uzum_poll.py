"""Watches on Uzum's products, polled and read into the warehouse."""

from __future__ import annotations

from datetime import timedelta

import httpx2
import psycopg
import pytest

from domain.settings import Settings
from pipeline.poll import PollOutcome, poll_day, utc_now
from pipeline.read import read_day
from sandbox.server import SandboxServer
from sandbox.uzum.goods import missing, product
from tests.sandbox import add_watch, clear_faults, set_clock
from tests.sources import set_fault

pytestmark = pytest.mark.integration
FORTY = "https://uzum.uz/product/101-140"
FOUND = [number for number in range(101, 141) if missing(number) is None]


@pytest.fixture
def quick(settings: Settings, market: SandboxServer) -> Settings:
    """Settings without second attempts; the market stands at today, and nothing was asked yet."""
    set_clock(market, utc_now())
    httpx2.delete(f"{market.url}/control/requests").raise_for_status()
    return settings.model_copy(update={"request_attempts": 1})


def poll(conn: psycopg.Connection, settings: Settings) -> PollOutcome:
    return poll_day(conn, settings, "uzum", utc_now().date(), run_id="r")


def state(conn: psycopg.Connection) -> tuple[str, bool]:
    row = conn.execute("select state, is_blocked from ops.source_state where source = 'uzum'").fetchone()
    assert row is not None
    return row[0], row[1]


def test_each_product_is_a_page_and_each_variant_a_listing_with_its_price_and_stock(
    conn: psycopg.Connection, quick: Settings, market: SandboxServer
) -> None:
    now = utc_now()
    add_watch(conn, quick, FORTY, "forty")
    outcome = poll(conn, quick)
    assert outcome.meanings == {"ok": len(FOUND), "gone": 40 - len(FOUND)}
    assert state(conn) == ("ok", False), "a missing product is an answer"
    read_day(conn, quick, "uzum", now.date())
    rows = conn.execute(
        "select l.external_id, l.price::bigint, s.quantity, l.list_price::bigint, l.group_id, l.currency"
        " from core.listings l join core.listing_state s using (listing_id)"
    ).fetchall()
    sold = {
        (
            f"{number}-{sku.sku_id}",
            sku.price,
            sku.amount,
            sku.full_price if sku.full_price and sku.full_price > sku.price else None,
            str(number),
            "UZS",
        )
        for number in FOUND
        for sku in product(market.market.seed, number, now).skus
    }
    assert set(rows) == sold
    availability = dict(
        conn.execute("select availability, count(*) from core.listing_state group by availability").fetchall()
    )
    assert availability["out_of_stock"] == sum(amount == 0 for _, _, amount, *_ in sold)


def test_prices_that_moved_between_two_days_are_a_history(
    conn: psycopg.Connection, quick: Settings, market: SandboxServer
) -> None:
    add_watch(conn, quick, FORTY, "forty")
    today = utc_now().date()
    for day in (today - timedelta(days=20), today - timedelta(days=5)):
        poll_day(conn, quick, "uzum", day, run_id="h")
        read_day(conn, quick, "uzum", day)
    listings = conn.execute("select count(*) from core.listings").fetchone()
    moved = conn.execute(
        "select listing_id from core.price_history group by listing_id having count(distinct price_minor) = 2"
    ).fetchall()
    assert listings is not None
    assert len(moved) > listings[0] // 4


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("throttled", "throttled"),
        ("challenge", "blocked"),
        ("challenge_200", "blocked"),
        ("unauthorised", "unauthorised"),
        ("changed", "changed"),
    ],
)
def test_a_refusal_ends_the_search_and_is_the_sources_state(
    conn: psycopg.Connection, quick: Settings, market: SandboxServer, fault: str, expected: str
) -> None:
    add_watch(conn, quick, f"https://uzum.uz/product/{FOUND[0]},{FOUND[1]}", "two")
    set_fault(market, "uzum", fault, seconds=60)
    assert poll(conn, quick).meanings == {expected: 1}, "the second product is not asked"
    assert state(conn) == (expected, False)
    clear_faults(market)
    conn.execute("update ops.source_state set next_attempt_at = null")
    assert poll(conn, quick).meanings == {"ok": 2}
    assert state(conn) == ("ok", False)


def test_what_is_asked_says_where_it_comes_from_and_the_search_service_wants_a_token(market: SandboxServer) -> None:
    address = f"{market.url}/uzum/api/v2/product/{FOUND[0]}"
    assert httpx2.get(address).status_code == 403
    assert httpx2.get(address, headers={"Origin": "https://uzum.uz"}).status_code == 200
    refused = httpx2.post(f"{market.url}/uzum/graphql/", json={"query": "{makeSearch}"})
    assert (refused.status_code, refused.headers["x-ext-authz-check-result"]) == (401, "denied")


def test_a_poll_reads_as_many_products_as_its_pages_hold(
    conn: psycopg.Connection, quick: Settings, market: SandboxServer
) -> None:
    add_watch(conn, quick, "https://uzum.uz/product/1-100", "hundred", pages_per_poll=1)
    add_watch(conn, quick, "https://uzum.uz/product/201-300", "whole")
    poll(conn, quick)
    paths = httpx2.get(f"{market.url}/control/requests").json()["paths"]
    asked = {int(path.rpartition("/")[2]) for path in paths if path.startswith("/uzum/api/")}
    assert asked == {*range(1, 21), *range(201, 301)}
