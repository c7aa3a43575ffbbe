"""Etsy's client against its look-alike: batches, the second path, the day's calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import jsonschema
import pytest

from domain.page import PageMeaning
from domain.settings import Settings
from sandbox.server import SandboxServer
from tests.fixtures import fixture_path
from tests.sandbox import clear_faults, running_sandbox
from tests.sources import control_site, fetch_search, with_credentials

pytestmark = pytest.mark.integration
URL = "https://www.etsy.com/search?q=levi%27s+501&order=date_desc"


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


def test_a_poll_ends_when_no_call_is_left_today(market: SandboxServer, settings: Settings) -> None:
    control_site(market, "etsy", calls_left=2)
    url = "https://www.etsy.com/search?q=sony"
    assert len(fetch_search("etsy", settings, url, max_pages=5)) <= 3
    control_site(market, "etsy", calls_left=0)
    assert fetch_search("etsy", settings, url, max_pages=5)[-1][1].meaning is PageMeaning.THROTTLED


def test_the_look_alikes_answers_are_as_the_contract_has_them(market: SandboxServer, settings: Settings) -> None:
    contract = json.loads(fixture_path("etsy", "openapi_v3_2024-01.json").read_text())
    for (page, _), name in zip(
        fetch_search("etsy", settings, URL), ("ShopListing", "ShopListingWithAssociations"), strict=True
    ):
        properties = contract["components"]["schemas"][name]["properties"]
        for record in json.loads(page.body)["results"]:
            assert set(record) <= set(properties)
            for field in ("price", "listing_id", "has_variations", "who_made", "is_supply"):
                schema = {**properties[field], "components": contract["components"]}
                jsonschema.validate(record[field], schema)
