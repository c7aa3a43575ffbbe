"""eBay's client against its look-alike: token, pages, quota, parts of a large search; answers as in the contract."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import pytest

from domain.page import PageMeaning
from domain.price_kind import PriceKind
from domain.settings import Settings
from sandbox.server import SandboxServer
from scrapers.ebay.client import EbaySource
from tests.fixtures import fixture_path
from tests.sandbox import clear_faults, running_sandbox
from tests.sources import control_site, fetch_search, truth_of, with_credentials

pytestmark = pytest.mark.integration
URL = "https://www.ebay.de/sch/i.html?_nkw=rtx+3090&_sop=10"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("mail")) as server:
        yield server


@pytest.fixture
def settings(market: SandboxServer, tmp_path: Path) -> Iterator[Settings]:
    control_site(market, "ebay", ttl_seconds=7200, calls_left=5000)
    yield with_credentials(Settings(home=tmp_path, sandbox_url=market.url))
    clear_faults(market)


def test_the_next_client_uses_the_token_of_the_one_before(market: SandboxServer, settings: Settings) -> None:
    before = control_site(market, "ebay")["issued"]
    for _ in range(3):
        assert fetch_search("ebay", settings, URL)[0][1].meaning is PageMeaning.OK
    assert control_site(market, "ebay")["issued"] == int(str(before)) + 1
    (kept,) = (settings.home / "tokens").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "sandbox" not in kept.name


def test_a_token_that_is_refused_is_renewed_once(market: SandboxServer, settings: Settings) -> None:
    fetch_search("ebay", settings, URL)
    control_site(market, "ebay", revoke=True)
    meanings = [reading.meaning for _, reading in fetch_search("ebay", settings, URL)]
    assert meanings == [PageMeaning.UNAUTHORISED, PageMeaning.OK]


def test_auctions_come_only_when_asked_for_by_name(market: SandboxServer, settings: Settings) -> None:
    truth = truth_of(market, "ebay")
    fixed = fetch_search("ebay", settings, URL)[0][1].listings
    assert fixed
    assert not any(truth[listing.external_id]["auction"] for listing in fixed)
    auctions = fetch_search("ebay", settings, f"{URL}&LH_Auction=1")[0][1].listings
    assert auctions
    assert all(listing.price_kind is PriceKind.CURRENT_BID for listing in auctions)


def test_a_poll_spends_its_share_of_a_days_calls_and_no_more(market: SandboxServer, settings: Settings) -> None:
    control_site(market, "ebay", calls_left=3)
    asked = len(fetch_search("ebay", settings, "https://www.ebay.de/sch/i.html?_nkw=levis", max_pages=10))
    assert asked == 1
    assert control_site(market, "ebay")["calls_left"] == 2


def test_a_search_larger_than_the_api_reaches_is_read_in_price_ranges(
    market: SandboxServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The market is smaller than ten thousand: a lower end of the API stands for it.
    monkeypatch.setattr("scrapers.ebay.client.MAX_OFFSET", 100)
    monkeypatch.setattr("scrapers.ebay.client.LIMIT", 100)
    url = "https://www.ebay.de/sch/i.html?_sacat=257"
    whole = {listing.external_id for _, reading in fetch_search("ebay", settings, url, max_pages=40)
             for listing in reading.listings}  # fmt: skip
    total = fetch_search("ebay", settings, url)[0][1].total_entries
    assert total is not None
    assert total > 100
    assert len(whole) == total


def test_one_item_by_its_number_and_its_address(market: SandboxServer, settings: Settings) -> None:
    listing = next(one for one in fetch_search("ebay", settings, URL)[0][1].listings if one.group_id is None)
    number = listing.external_id.split("|")[1]

    async def fetch(item_id: str) -> Any:
        async with EbaySource(settings) as source:
            assert source.parse_item_url(f"https://www.ebay.de/itm/a-title/{number}?hash=x", "com") == (number, "de")
            return source.read(await source.fetch_item(item_id, "de"))

    for item_id in (number, listing.external_id):
        (item,) = asyncio.run(fetch(item_id)).listings
        assert (item.external_id, item.price, item.currency) == (listing.external_id, listing.price, listing.currency)
    assert asyncio.run(fetch("123456789012")).meaning is PageMeaning.GONE


def test_the_look_alikes_answers_are_as_the_contract_has_them(market: SandboxServer, settings: Settings) -> None:
    contract = json.loads(fixture_path("ebay", "buy_browse_v1_oas3.json").read_text())
    fetch_search("ebay", settings, URL)
    token = json.loads(next((settings.home / "tokens").iterdir()).read_text())["token"]
    headers = {"Authorization": f"Bearer {token}", "X-EBAY-C-MARKETPLACE-ID": "EBAY_DE"}
    base = f"{market.url}/ebay/buy/browse/v1"
    answer = httpx2.get(f"{base}/item_summary/search", params={"q": "levis", "limit": 200}, headers=headers).json()
    schema = {"$ref": "#/components/schemas/SearchPagedCollection", "components": contract["components"]}
    jsonschema.validate(answer, schema)
    one = httpx2.get(answer["itemSummaries"][0]["itemHref"], headers=headers).json()
    jsonschema.validate(one, {"$ref": "#/components/schemas/Item", "components": contract["components"]})
    recorded = json.loads(fixture_path("ebay", "browse_search_iphone_bestmatch_2023-07.json").read_text())
    # The recording of the same month has fields that the contract does not name yet.
    known = {*contract["components"]["schemas"]["ItemSummary"]["properties"], *recorded["itemSummaries"][0]}
    assert all(set(item) <= known for item in answer["itemSummaries"])
