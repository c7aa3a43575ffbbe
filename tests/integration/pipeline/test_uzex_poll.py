"""UZEX from the sandbox into the warehouse: lots, positions, listings, a price history, states of faults."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import httpx2
import msgspec
import psycopg
import pytest

from domain.settings import Settings
from domain.watch import Watch
from pipeline.poll import PollOutcome, poll_day, utc_now
from pipeline.read import read_day
from sandbox.server import SandboxServer
from scrapers.registry import create_source
from tests.sandbox import clear_faults, set_clock, set_fault
from warehouse.digest import table_digests
from warehouse.watches import add_watch

pytestmark = pytest.mark.integration
_OPEN = "https://xarid.uzex.uz/auction/list"
_DEALS = "https://xarid.uzex.uz/completed-deals/auction"
_SHOP = "https://xarid.uzex.uz/completed-deals/shop/shop"
_TENDERS = "https://etender.uzex.uz/lots"


@pytest.fixture
def plain(settings: Settings, market: SandboxServer) -> Settings:
    set_clock(market, utc_now())
    return settings.model_copy(update={"pages_per_poll": 4, "request_attempts": 1})


def _watch(conn: psycopg.Connection, settings: Settings, url: str, **fields: object) -> Watch:
    parsed = create_source("uzex", settings).parse_search_url(url)
    wanted = Watch(
        watch_id=0,
        owner="owner",
        name=url[-40:],
        source=parsed.source,
        url=parsed.canonical_url,
        country=parsed.country,
        currency=parsed.currency,
        params=parsed.params,
    )
    return add_watch(conn, msgspec.structs.replace(wanted, **fields))


def _poll(conn: psycopg.Connection, settings: Settings, day: date | None = None) -> PollOutcome:
    return poll_day(conn, settings, "uzex", day or utc_now().date(), run_id="r")


def _all(conn: psycopg.Connection, query: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in conn.execute(query.encode()).fetchall()]


def _state(conn: psycopg.Connection) -> tuple[object, ...]:
    (row,) = _all(conn, "select state, is_blocked, consecutive_failures from ops.source_state where source = 'uzex'")
    return row


def _truth(market: SandboxServer, at: datetime) -> dict[str, dict[str, object]]:
    rows = httpx2.get(f"{market.url}/truth/uzex", headers={"X-Sandbox-Time": at.isoformat()}).json()
    return {row["external_id"]: row for row in rows}


def test_two_days_of_the_market_give_lots_listings_and_falling_prices(
    conn: psycopg.Connection, plain: Settings, market: SandboxServer
) -> None:
    for url in (_OPEN, _DEALS, _SHOP, _TENDERS):
        _watch(conn, plain, url)
    today = utc_now().date()
    for days in (5, 2):
        day = today - timedelta(days=days)
        outcome = _poll(conn, plain, day)
        assert (outcome.decision, outcome.state, set(outcome.meanings)) == ("poll", "ok", {"ok"})
        read = read_day(conn, plain, "uzex", day)
        assert (read.pages, read.quarantined) == (outcome.pages, 0)
    types = {(row[0], row[1]) for row in _all(conn, "select lot_type, status from core.lots")}
    assert types == {("auction", "open"), ("auction", "completed"), ("shop", "completed"), ("tender", "open")}
    # Lots known from both their row and their own answer: currency and positions from here, the sum from there.
    whole = _all(
        conn,
        "select l.deal_price, sum(i.cost), l.currency, bool_and(i.currency = 'UZS') from core.lots l"
        " join core.lot_items i using (lot_id) where (l.lot_type, l.status) = ('auction', 'completed')"
        " group by l.lot_id",
    )
    assert len(whole) > 40
    assert all(row[0] == row[1] and row[2:] == ("UZS", True) for row in whole)
    # A lot seen open, then won: one listing, whose price fell from the ceiling to the bid.
    fell = _all(
        conn,
        "select l.external_id, min(h.price_minor), max(h.price_minor), count(distinct h.price_minor), t.availability"
        " from core.listings l join core.price_history h using (listing_id)"
        " join core.listing_state t using (listing_id) where l.source = 'uzex'"
        " group by l.external_id, t.availability having count(distinct h.price_minor) > 1",
    )
    assert len(fell) > 3
    truth = _truth(market, datetime.combine(today - timedelta(days=2), time(23), tzinfo=UTC))
    for external_id, lowest, highest, _, availability in fell:
        assert availability == "sold"
        assert Decimal(str(lowest)) < Decimal(str(highest))
        assert Decimal(str(truth[str(external_id)]["price"])) * 100 == lowest
    linked = _all(conn, "select count(distinct watch_id), count(*) from app.watch_listings")
    assert linked[0][0] == 4
    persons = _all(conn, "select 1 from core.lots where provider_name like 'YTT%' or customer_name like 'YTT%'")
    assert persons == []


def test_reading_the_same_pages_again_changes_nothing(conn: psycopg.Connection, plain: Settings) -> None:
    for url in (_OPEN, _DEALS, _SHOP):
        _watch(conn, plain, url, pages_per_poll=1)
    day = utc_now().date() - timedelta(days=3)
    _poll(conn, plain, day)
    first = read_day(conn, plain, "uzex", day)
    before = table_digests(conn)
    assert first.new > 20
    again = read_day(conn, plain, "uzex", day, again=True)
    assert (again.pages, again.new, again.changed) == (first.pages, 0, 0)
    assert table_digests(conn) == before
    assert len(_all(conn, "select 1 from core.lot_items")) > 20


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("throttled", "throttled"),
        ("challenge", "blocked"),
        ("challenge_200", "blocked"),
        ("unauthorised", "unauthorised"),
        ("changed", "changed"),
        ("withdrawn", "changed"),
    ],
)
def test_each_fault_ends_in_its_state_and_a_good_answer_ends_it(
    conn: psycopg.Connection, plain: Settings, market: SandboxServer, fault: str, state: str
) -> None:
    _watch(conn, plain, _SHOP, pages_per_poll=1)
    set_fault(market, fault, source="uzex")
    assert _poll(conn, plain).state == state
    assert _state(conn) == (state, False, 1)
    (detail,) = _all(conn, "select detail from ops.source_state")
    assert detail[0]
    clear_faults(market)
    conn.execute("update ops.source_state set next_attempt_at = null")
    assert _poll(conn, plain).meanings == {"ok": 1}
    assert _state(conn) == ("ok", False, 0)


def test_four_refusals_open_the_circuit(conn: psycopg.Connection, plain: Settings, market: SandboxServer) -> None:
    _watch(conn, plain, _SHOP)
    set_fault(market, "unauthorised", source="uzex")
    for failures in (1, 2, 3, 4):
        assert _poll(conn, plain).decision == "poll"
        assert _state(conn) == ("unauthorised", failures > 3, failures)
    assert _poll(conn, plain).decision == "wait"


def test_the_end_of_a_list_is_no_failure(conn: psycopg.Connection, plain: Settings) -> None:
    _watch(conn, plain, f"{_DEALS}?region_ids=99999")
    outcome = _poll(conn, plain)
    assert (outcome.meanings, outcome.state) == ({"empty": 1}, "ok")


def test_a_poisoned_position_is_quarantined_and_its_lot_keeps_the_others(
    conn: psycopg.Connection, plain: Settings, market: SandboxServer
) -> None:
    _watch(conn, plain, _SHOP, pages_per_poll=1)
    set_fault(market, "poison", source="uzex", record="nan_price")
    _poll(conn, plain)
    read = read_day(conn, plain, "uzex", utc_now().date())
    assert (read.quarantined, read.new > 4) == (1, True)
    ((reason, record),) = _all(conn, "select reason, record from ops.quarantine")
    assert "NaN" in str(reason)
    assert isinstance(record, bytes)
    assert len(_all(conn, "select 1 from core.lots")) == read.new
