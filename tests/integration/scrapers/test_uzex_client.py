"""The UZEX client against the sandbox over HTTP: paging to the end, positions, refusals, manners."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from cli.main import app
from domain.page import PageMeaning, PageReading, RawPage
from domain.settings import Settings
from domain.settings import settings as shared_settings
from sandbox.cbu.site import rates_of
from sandbox.server import SandboxServer
from scrapers.answers import base_url, sandbox_headers
from scrapers.contract import Query, Source
from scrapers.http import PoliteClient
from scrapers.rates import cbu
from scrapers.registry import create_source, source_entry
from scrapers.uzex.client import REQUESTS_PER_SECOND, UzexSource
from tests.sandbox import SEED, clear_faults, running_sandbox, set_fault

pytestmark = pytest.mark.integration
_AUCTIONS = "https://xarid.uzex.uz/completed-deals/auction"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("mail")) as server:
        yield server


@pytest.fixture
def settings(market: SandboxServer, tmp_path: Path) -> Iterator[Settings]:
    httpx2.delete(f"{market.url}/control/requests").raise_for_status()
    yield Settings(_env_file=None, home=tmp_path, sandbox_url=market.url, request_attempts=1)
    clear_faults(market)


def _fetch(settings: Settings, url: str, pages: int = 5, **options: Any) -> list[tuple[RawPage, PageReading]]:
    async def main() -> list[tuple[RawPage, PageReading]]:
        async with UzexSource(settings, **options) as source:
            params = source.parse_search_url(url).params
            query = Query(country="uz", params=params, watch_id=3, max_pages=pages)
            return [(page, source.read(page)) async for page in source.fetch_search(query)]

    return asyncio.run(main())


def _meanings(fetched: list[tuple[RawPage, PageReading]]) -> list[PageMeaning]:
    return [reading.meaning for _, reading in fetched]


def _asked(market: SandboxServer) -> dict[str, int]:
    paths: dict[str, int] = httpx2.get(f"{market.url}/control/requests").json()["paths"]
    return paths


def test_the_source_is_registered_and_needs_no_credentials(settings: Settings) -> None:
    source = create_source("uzex", settings)
    assert isinstance(source, Source)
    assert source.missing_configuration is None
    assert source_entry("uzex").tick == "9-59/10 * * * *"
    assert settings.rate_of("uzex", REQUESTS_PER_SECOND) == 0.33


def test_an_auction_page_is_followed_by_the_positions_of_its_lots(market: SandboxServer, settings: Settings) -> None:
    fetched = _fetch(settings, f"{_AUCTIONS}?max_pages=1", pages=4)
    (first, listed), details = fetched[0], fetched[1:]
    assert (first.watch_id, first.page_number, len(listed.listings)) == (3, 1, 0)
    assert 5 <= len(listed.lots) == len(details) <= 12
    truth = {row["external_id"]: row for row in httpx2.get(f"{market.url}/truth/uzex").json()}
    for page, reading in details:
        assert page.page_number is None
        for listing in reading.listings:
            assert listing.price == Decimal(truth[listing.external_id]["price"])
            assert listing.category
            assert listing.listed_at is not None


def test_short_unsorted_pages_are_read_to_the_end_and_only_the_end_ends_them(settings: Settings) -> None:
    fetched = _fetch(settings, "https://xarid.uzex.uz/completed-deals/shop/national?status=not_completed", pages=50)
    total = fetched[0][1].total_entries
    assert total is not None
    assert total > 60
    numbers: list[list[int]] = []
    for page, reading in fetched:
        numbers.append([int(str(row["rn"])) for row in httpx2.Response(200, content=page.body).json()])
        assert reading.meaning is PageMeaning.OK
    assert any(page != sorted(page) for page in numbers)
    assert any(len(page) < 10 for page in numbers[:-1]), "a short page that is not the last"
    seen = {number for page in numbers for number in page}
    assert len(seen) > total * 0.8
    assert max(seen) > total - 10


def test_a_list_asked_past_its_end_is_empty_and_ends_the_search(settings: Settings) -> None:
    region = f"{_AUCTIONS}?region_ids=99999"
    fetched = _fetch(settings, region)
    assert _meanings(fetched) == [PageMeaning.EMPTY]
    assert (fetched[0][0].status, b"ORA-01403" in fetched[0][0].body) == (500, True)
    assert "region_ids" in fetched[0][0].url


def test_open_tenders_come_in_three_currencies_and_none_is_assumed(settings: Settings) -> None:
    fetched = _fetch(settings, "https://etender.uzex.uz/deals-list", pages=8)
    currencies = Counter(lot.currency for _, reading in fetched for lot in reading.lots)
    assert set(currencies) == {"UZS", "USD", "EUR"}
    lost = _fetch(settings, "https://etender.uzex.uz/deals-list?status=not_completed", pages=1)
    assert {lot.currency for _, reading in lost for lot in reading.lots} == {None}


def test_open_tenders_positions_are_in_the_lots_currency(settings: Settings) -> None:
    fetched = _fetch(settings, "https://etender.uzex.uz/lots/1/0")
    lots = {lot.external_id: lot for _, reading in fetched for lot in reading.lots if not lot.items}
    listings = [listing for _, reading in fetched for listing in reading.listings]
    assert len(listings) > 10
    assert all(listing.currency == lots[str(listing.group_id)].currency for listing in listings)


def test_pages_read_again_from_their_stored_address_alone_are_the_same(settings: Settings) -> None:
    for url in (f"{_AUCTIONS}?search_text=бумага&max_pages=1", "https://xarid.uzex.uz/completed-deals/shop/national"):
        for page, reading in _fetch(settings, url, pages=1):
            source = create_source("uzex", Settings(_env_file=None))
            assert source.read(page) == reading


def test_the_search_text_selects_listings_on_our_side(market: SandboxServer, settings: Settings) -> None:
    every, wanted = _fetch(settings, f"{_AUCTIONS}?max_pages=2"), _fetch(settings, f"{_AUCTIONS}?search_text=цемент")
    titles = {listing.title for _, reading in wanted for listing in reading.listings}
    assert titles
    assert all("емент" in title for title in titles)
    assert len({listing.title for _, reading in every for listing in reading.listings}) > len(titles)
    assert any(reading.lots and not reading.listings for _, reading in wanted[1:]), "the lots are kept all the same"


def test_the_command_says_which_regions_there_are(
    market: SandboxServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRICESCOPE_SANDBOX_URL", market.url)
    monkeypatch.setenv("PRICESCOPE_HOME", str(settings.home))
    shared_settings.cache_clear()
    try:
        shown = CliRunner().invoke(app, ["uzex", "regions", "--json"])
        assert {"region_id": "2105", "name": "город Ташкент"} in map(json.loads, shown.stdout.splitlines())
        set_fault(market, "withdrawn", source="uzex")
        assert "UZEX told no regions (changed)" in str(CliRunner().invoke(app, ["uzex", "regions"]).exception)
    finally:
        shared_settings.cache_clear()


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        ("throttled", PageMeaning.THROTTLED),
        ("challenge", PageMeaning.BLOCKED),
        ("challenge_200", PageMeaning.BLOCKED),
        ("unauthorised", PageMeaning.UNAUTHORISED),
        ("server_error", PageMeaning.THROTTLED),
        ("withdrawn", PageMeaning.CHANGED),
        ("changed", PageMeaning.CHANGED),
    ],
)
def test_a_refusal_is_stored_with_its_meaning_and_ends_the_search(
    market: SandboxServer, settings: Settings, fault: str, meaning: PageMeaning
) -> None:
    set_fault(market, fault, source="uzex")
    fetched = _fetch(settings, _AUCTIONS)
    assert set(_meanings(fetched)) == {meaning}
    # Only a 401 or 403 is worth one more try, with a fresh session.
    assert len(fetched) == (2 if fault == "challenge" else 1)
    if fault == "throttled":
        assert fetched[0][0].retry_after_seconds == 30


def test_a_cut_off_answer_is_a_refusal_not_a_short_page(market: SandboxServer, settings: Settings) -> None:
    set_fault(market, "cut_off", source="uzex", abort=True)
    assert _meanings(_fetch(settings, _AUCTIONS)) == [PageMeaning.BLOCKED]


def test_a_fresh_session_is_tried_once_and_may_help(market: SandboxServer, settings: Settings) -> None:
    set_fault(market, "challenge", count=1, source="uzex")
    fetched = _fetch(settings, "https://xarid.uzex.uz/completed-deals/shop", pages=2)
    assert _meanings(fetched) == [PageMeaning.BLOCKED, PageMeaning.OK, PageMeaning.OK]
    assert [page.page_number for page, _ in fetched] == [1, 1, 2]


def test_a_refusal_among_the_positions_ends_the_search_at_once(market: SandboxServer, settings: Settings) -> None:
    set_fault(market, "unauthorised", path="/auction/Common/GetCompletedDealProducts", source="uzex")
    assert _meanings(_fetch(settings, _AUCTIONS)) == [PageMeaning.OK, PageMeaning.UNAUTHORISED]


def test_lots_that_are_gone_by_then_cost_only_themselves(market: SandboxServer, settings: Settings) -> None:
    set_fault(market, "withdrawn", count=3, path="/auction/Common/GetCompletedDealProducts", source="uzex")
    meanings = Counter(_meanings(_fetch(settings, _AUCTIONS, pages=1)))
    assert meanings[PageMeaning.GONE] == 3
    assert meanings[PageMeaning.OK] > 4


@pytest.mark.parametrize("record", ["nan_price", "missing_id", "wrong_type"])
def test_a_poisoned_record_costs_only_itself(market: SandboxServer, settings: Settings, record: str) -> None:
    set_fault(market, "poison", source="uzex", record=record)
    ((_, reading),) = _fetch(settings, "https://xarid.uzex.uz/completed-deals/shop/shop", pages=1)
    assert reading.meaning is PageMeaning.OK
    assert (len(reading.rejected), len(reading.listings) >= 5) == (1, True)


def test_a_lot_that_the_newer_ones_pushed_to_the_next_page_is_asked_for_once(
    market: SandboxServer, settings: Settings
) -> None:
    set_fault(market, "shifting", path="/auction/Common/GetCompletedDeals", seconds=5 * 3600, source="uzex")
    fetched = _fetch(settings, f"{_AUCTIONS}?max_pages=3")
    met = [lot.external_id for page, reading in fetched if page.page_number for lot in reading.lots]
    assert len(met) > len(set(met)), "the pages overlap"
    listed = {lot.external_id for page, reading in fetched if page.page_number for lot in reading.lots}
    details = {path: count for path, count in _asked(market).items() if "GetCompletedDealProducts" in path}
    assert len(details) == len(listed)
    assert set(details.values()) == {1}


def test_another_day_of_the_market_has_other_lots(settings: Settings) -> None:
    then = datetime.now(UTC) - timedelta(days=20)
    past = _fetch(settings, "https://xarid.uzex.uz/completed-deals/shop", pages=1, market_time=then)
    now = _fetch(settings, "https://xarid.uzex.uz/completed-deals/shop", pages=1)
    assert past[0][0].fetched_at == then
    ends = [lot.deal_at for lot in past[0][1].lots if lot.deal_at]
    assert max(ends) <= then
    assert {lot.external_id for lot in past[0][1].lots}.isdisjoint({lot.external_id for lot in now[0][1].lots})


# ---------------------------------------------------------------- the Central Bank


def test_the_banks_rates_of_a_day_are_fetched_from_its_look_alike(market: SandboxServer, settings: Settings) -> None:
    now = datetime.now(UTC)
    day = now.date() - timedelta(days=10)

    async def main() -> cbu.DayRates:
        async with PoliteClient(settings) as client:
            base = base_url(cbu.BASE, settings.sandbox_url, cbu.SANDBOX_PATH)
            return await cbu.fetch_rates(client, day, base, headers=sandbox_headers(now, settings.sandbox_url))

    read = asyncio.run(main())
    quoted = {str(record["Ccy"]): record for record in rates_of(SEED, day)}
    assert str(read.rates["USD"]) == quoted["USD"]["Rate"]
    assert read.rates["JPY"] * 10 == Decimal(str(quoted["JPY"]["Rate"]))
    assert read.day <= day


@pytest.mark.parametrize("fault", ["throttled", "server_error", "changed", "withdrawn", "challenge_200"])
def test_a_bank_without_rates_is_an_error_that_says_so(market: SandboxServer, settings: Settings, fault: str) -> None:
    set_fault(market, fault, source="cbu")

    async def main() -> None:
        async with PoliteClient(settings) as client:
            await cbu.fetch_rates(client, datetime.now(UTC).date(), f"{market.url}/cbu")

    with pytest.raises(cbu.RatesError, match="Central Bank of Uzbekistan"):
        asyncio.run(main())
