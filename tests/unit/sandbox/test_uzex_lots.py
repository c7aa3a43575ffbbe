"""The procurement look-alike's lots: a pure function of time, with prices worth watching."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median

from sandbox.clock import MarketClock
from sandbox.faults import FaultBook
from sandbox.market import Market
from sandbox.uzex.lots import KINDS, lots_until
from sandbox.uzex.site import UzexSite
from sandbox.uzex.watches import demo_watches

_START = datetime(2026, 3, 2, tzinfo=UTC)
_NOW = _START + timedelta(days=60, hours=7)


def _site(seed: int = 7) -> UzexSite:
    return UzexSite(Market(seed=seed, start=_START), MarketClock(), FaultBook())


def test_some_thousand_lots_of_every_kind_and_state() -> None:
    at = _NOW.timestamp()
    lots = list(lots_until(7, int(_START.timestamp()), at))
    assert 3000 < len(lots) < 5000
    assert len({(lot.kind, lot.number) for lot in lots}) == len(lots)
    states = Counter((lot.kind, lot.status(at)) for lot in lots)
    assert set(states) == {(kind, status) for kind in KINDS for status in ("open", "completed", "not_completed")}
    assert {lot.currency for lot in lots if lot.kind == "tender"} == {"UZS", "USD", "EUR"}
    assert {lot.currency for lot in lots if lot.kind != "tender"} == {"UZS"}
    assert any(lot.provider[0] is None for lot in lots)


def test_the_same_time_shows_the_same_lots_whatever_was_asked_before() -> None:
    one, two = _site(), _site()
    two.truth(_NOW + timedelta(days=9), None)
    assert one.truth(_NOW, None) == two.truth(_NOW, None)
    assert one.truth(_NOW, None) != _site(8).truth(_NOW, None)


def test_a_price_falls_when_an_open_auction_is_won() -> None:
    before = {str(row["external_id"]): row for row in _site().truth(_NOW, None) if row["status"] == "open"}
    after = {str(row["external_id"]): row for row in _site().truth(_NOW + timedelta(days=4), None)}
    won = [(row, after[number]) for number, row in before.items() if after[number]["status"] == "completed"]
    assert len(won) > 20
    assert all(Decimal(str(then["price"])) < Decimal(str(row["price"])) for row, then in won)


def test_planted_deals_are_few_and_far_below_what_the_goods_usually_cost() -> None:
    rows = [row for row in _site().truth(_NOW, None) if row["status"] == "completed" and row["currency"] == "UZS"]
    planted = [row for row in rows if row["planted"]]
    assert 0.02 < len(planted) / len(rows) < 0.09
    for family in {row["family"] for row in planted}:
        usual = median(Decimal(str(row["price"])) for row in rows if row["family"] == family and not row["planted"])
        for row in planted:
            if row["family"] == family:
                assert Decimal(str(row["price"])) < usual * Decimal("0.85")


def test_the_demo_watches_are_addresses_of_the_real_site() -> None:
    watches = demo_watches("http://127.0.0.1:1")
    assert [watch.source for watch in watches] == ["uzex"] * 3
    assert all(".uzex.uz/" in watch.url for watch in watches)
    assert all(watch.sandbox_page.startswith("http://127.0.0.1:1/uzex/") for watch in watches)
