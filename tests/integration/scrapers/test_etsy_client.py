"""Etsy's client against its look-alike: batches, the second path, the day's calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response

from domain.listing import Availability
from domain.page import PageMeaning, PageReading
from domain.settings import Settings
from sandbox.etsy.shapes import eras
from sandbox.server import SandboxServer
from scrapers.etsy.client import EtsySource
from tests.contracts import contract, faults_of_answer, faults_of_request
from tests.integration.scrapers.stub import json as respond
from tests.integration.scrapers.stub import serving
from tests.sandbox import clear_faults, running_sandbox
from tests.sources import control_site, fetch_search, set_fault, truth_of, with_credentials

pytestmark = pytest.mark.integration
URL = "https://www.etsy.com/search?q=levi%27s+501&order=date_desc"
BUSY_URL = "https://www.etsy.com/search?q=sony"
CONTRACT = "openapi_v3_2024-01.json"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("mail")) as server:
        yield server


@pytest.fixture
def settings(market: SandboxServer, tmp_path: Path) -> Iterator[Settings]:
    control_site(market, "etsy", calls_left=10_000, order_broken=False)
    yield with_credentials(Settings(home=tmp_path, sandbox_url=market.url))
    clear_faults(market)


def test_a_page_is_followed_by_its_listings_with_images_and_shops(market: SandboxServer, settings: Settings) -> None:
    (_, search), (batch_page, batch) = fetch_search("etsy", settings, URL)
    assert "/listings/batch?" in batch_page.url
    assert {one.external_id for one in search.listings} == {one.external_id for one in batch.listings}
    assert not any(one.image_urls for one in search.listings)
    assert all(one.image_urls and one.seller and one.seller.login and one.country for one in batch.listings)
    for thin, full in zip(search.listings, batch.listings, strict=True):
        assert (thin.title, thin.price, thin.listed_at) == (full.title, full.price, full.listed_at)


def test_the_key_without_its_secret_is_refused_as_on_the_real_site(market: SandboxServer) -> None:
    url = f"{market.url}/etsy/v3/application/listings/active"
    answer = httpx2.get(url, params={"keywords": "x"}, headers={"x-api-key": "only-the-keystring"})
    assert (answer.status_code, answer.json()["error"]) == (403, "Shared secret is required in x-api-key header.")


def test_a_search_whose_order_fails_is_asked_without_it(market: SandboxServer, settings: Settings) -> None:
    control_site(market, "etsy", order_broken=True)
    fetched = fetch_search("etsy", settings, URL)
    assert [reading.meaning for _, reading in fetched] == [PageMeaning.BLOCKED, PageMeaning.OK, PageMeaning.OK]
    assert "sort_on" not in fetched[1][0].url


def test_what_failed_once_with_its_order_is_not_asked_so_again(market: SandboxServer, settings: Settings) -> None:
    control_site(market, "etsy", order_broken=True)
    searches = [page for page, _ in fetch_search("etsy", settings, BUSY_URL, max_pages=2) if "/active?" in page.url]
    assert ["sort_on" in page.url for page in searches] == [True, False, False]


@pytest.mark.parametrize(("calls_left", "answers"), [(0, ["throttled"]), (1, ["ok"]), (2, ["ok", "ok"])])
def test_a_poll_spends_no_call_that_is_not_left_today(
    market: SandboxServer, settings: Settings, calls_left: int, answers: list[str]
) -> None:
    control_site(market, "etsy", calls_left=calls_left)
    assert [reading.meaning for _, reading in fetch_search("etsy", settings, BUSY_URL, max_pages=5)] == answers


def test_a_batch_that_is_refused_ends_the_poll(market: SandboxServer, settings: Settings) -> None:
    set_fault(market, "etsy", "throttled", path="/v3/application/listings/batch", seconds=60)
    fetched = fetch_search("etsy", settings, BUSY_URL, max_pages=3)
    assert [reading.meaning for _, reading in fetched] == [PageMeaning.OK, PageMeaning.THROTTLED]


def test_one_listing_in_whatever_state_it_is(market: SandboxServer, settings: Settings) -> None:
    truth = truth_of(market, "etsy")
    sold = next(number for number, row in truth.items() if row["sold_at"])
    removed = next(number for number, row in truth.items() if row["removed_at"])
    live = next(number for number, row in truth.items() if not row["sold_at"] and not row["removed_at"])

    async def fetch(number: str) -> PageReading:
        async with EtsySource(settings) as source:
            item_id, country = source.parse_item_url(f"https://www.etsy.com/uk/listing/{number}/a-title?ref=x", "com")
            return source.read(await source.fetch_item(item_id, country))

    (listing,) = asyncio.run(fetch(live)).listings
    assert (listing.external_id, listing.availability, len(listing.image_urls)) == (live, Availability.AVAILABLE, 1)
    assert asyncio.run(fetch(sold)).listings[0].availability is Availability.SOLD
    assert asyncio.run(fetch(removed)).meaning is PageMeaning.GONE


def test_every_request_is_within_the_contract(market: SandboxServer, settings: Settings) -> None:
    document = contract("etsy", CONTRACT)
    searches = (
        URL,
        f"{URL}&min=5&max=80.50&shop_location=Berlin",
        "https://www.etsy.com/search?q=levis&order=price_asc",
    )
    for url in searches:
        fetched = fetch_search("etsy", settings, url)
        assert fetched[0][1].meaning is PageMeaning.OK
        for page, _ in fetched:
            path = urlsplit(page.url).path.removeprefix("/etsy")
            assert faults_of_request(document, path, page.url) == []


def test_the_look_alikes_answers_are_as_the_contract_has_them(market: SandboxServer, settings: Settings) -> None:
    document = contract("etsy", CONTRACT)
    year = datetime.now(UTC).year
    # The names of eras that move with the years, as they were in the year of the document.
    dated = dict(zip(eras(year), eras(2024), strict=True))
    (search, _), (batch, _) = fetch_search("etsy", settings, URL)
    one = json.loads(asyncio.run(_item(settings, json.loads(batch.body)["results"][0]["listing_id"])))
    for body, schema in (
        (json.loads(search.body), "ShopListing"),
        (json.loads(batch.body), "ShopListingWithAssociations"),
        ({"count": 1, "results": [one]}, "ShopListingWithAssociations"),
    ):
        for record in body["results"]:
            record["when_made"] = dated[record["when_made"]]
            assert set(record) <= set(document["components"]["schemas"][schema]["properties"])
        assert faults_of_answer(document, schema.replace("Listing", "Listings"), body) == []


async def _item(settings: Settings, number: int) -> bytes:
    async with EtsySource(settings) as source:
        return (await source.fetch_item(str(number), "com")).body


def test_a_search_larger_than_etsy_shows_is_read_whole_in_price_ranges(tmp_path: Path) -> None:
    """Twenty-five thousand listings, of which one search shows 12,100: all of them are seen."""
    shop = _LargeShop(25_000)
    with serving(shop.answer) as address:
        settings = with_credentials(Settings(home=tmp_path, sandbox_url=address))
        fetched = fetch_search("etsy", settings, "https://www.etsy.com/search?q=x", max_pages=400)
    assert {reading.meaning for _, reading in fetched} == {PageMeaning.OK}
    seen = {listing.external_id for _, reading in fetched for listing in reading.listings}
    assert len(seen) == 25_000
    assert shop.largest_offset <= 12_000


def test_a_search_larger_than_a_poll_may_read_is_not_cut_up(tmp_path: Path) -> None:
    with serving(_LargeShop(25_000).answer) as address:
        settings = with_credentials(Settings(home=tmp_path, sandbox_url=address))
        fetched = fetch_search("etsy", settings, "https://www.etsy.com/search?q=x", max_pages=3)
    assert len({listing.external_id for _, reading in fetched for listing in reading.listings}) == 300
    assert not any("price=" in page.url for page, _ in fetched)


class _LargeShop:
    """Answers searches by price over many listings, and an empty batch to every batch call."""

    def __init__(self, count: int) -> None:
        # Prices from 1 to about 400, most of them low, as on the real site.
        self.cents = [100 + (number * number) % 40_009 * (number % 7) // 6 for number in range(count)]
        self.largest_offset = 0

    async def answer(self, request: Request) -> Response:
        if request.url.path.endswith("/batch"):
            return respond({"count": 1, "results": [_record(0, 100)]})
        query = request.query_params
        low, high = (round(float(query.get(name, default)) * 100) for name, default in
                     (("min_price", "0"), ("max_price", "1e9")))  # fmt: skip
        offset = int(query["offset"])
        self.largest_offset = max(offset, self.largest_offset)
        if offset > 12_000:
            return respond({"error": "Offset provided is greater than the maximum offset allowed."}, 400)
        found = [number for number, cents in enumerate(self.cents) if low <= cents <= high]
        shown = found[offset : offset + 100]
        return respond({"count": len(found), "results": [_record(number, self.cents[number]) for number in shown]})


def _record(number: int, cents: int) -> dict[str, object]:
    price = {"amount": cents, "divisor": 100, "currency_code": "USD"}
    return {"listing_id": number + 1, "title": "x", "price": price}
