"""The shop's client against the sandbox shop and a server of its own: robots.txt, redirects, walls, the browser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest

from domain.listing import Availability
from domain.page import PageMeaning, PageReading, RawPage
from domain.price_kind import PriceKind
from domain.settings import Settings
from sandbox.server import SandboxServer
from sandbox.shop.products import Style
from sandbox.shop.site import ShopSite
from scrapers.browser import find_chromium
from scrapers.contract import Query
from scrapers.shop.client import ShopSource
from tests.sandbox import clear_faults, running_sandbox

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("mail")) as server:
        yield server


@pytest.fixture(autouse=True)
def no_faults(market: SandboxServer) -> Iterator[None]:
    yield
    clear_faults(market)


@pytest.fixture
def settings(market: SandboxServer, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, sandbox_url=market.url, request_attempts=1)


def fetch(settings: Settings, url: str) -> tuple[RawPage, PageReading]:
    async def one() -> tuple[RawPage, PageReading]:
        async with ShopSource(settings) as source:
            query = Query(country="any", params={"url": url}, watch_id=7)
            (page,) = [page async for page in source.fetch_search(query)]
            return page, source.read(page)

    return asyncio.run(one())


def shop(market: SandboxServer) -> ShopSite:
    site = market.app.state.sites["shop"]
    assert isinstance(site, ShopSite)
    return site


@pytest.mark.parametrize("style", [style for style in Style if style is not Style.SCRIPTED])
def test_a_product_of_every_style_of_page_has_its_price(
    market: SandboxServer, settings: Settings, style: Style
) -> None:
    url = f"{market.url}/shop{shop(market).path_of(style)}"
    page, reading = fetch(settings, url)
    number = int(url.rsplit("/", 1)[1].split("-", maxsplit=1)[0])
    truth = {row["external_id"]: row for row in httpx2.get(f"{market.url}/truth/shop").json()}[str(number)]
    assert (page.url, page.watch_id) == (url, 7)
    if not truth["in_stock"]:
        states = [one.availability for one in (*reading.listings, *reading.unpriced)]
        assert states == [Availability.OUT_OF_STOCK]
        return
    (listing,) = reading.listings
    assert (listing.price, listing.currency) == (Decimal(str(truth["price"])), "EUR")
    assert (listing.price_kind is PriceKind.FROM) == (style is Style.FROM)


def fault(market: SandboxServer, name: str, **more: object) -> None:
    body = {"source": "shop", "fault": name, "path": "/p/", **more}
    httpx2.post(f"{market.url}/control/faults", json=body).raise_for_status()


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("challenge", PageMeaning.BLOCKED),
        ("challenge_200", PageMeaning.BLOCKED),
        ("throttled", PageMeaning.THROTTLED),
        ("changed", PageMeaning.CHANGED),
        ("withdrawn", PageMeaning.GONE),
        ("server_error", PageMeaning.THROTTLED),
    ],
)
def test_each_way_of_being_refused_has_its_meaning(
    market: SandboxServer, settings: Settings, name: str, meaning: PageMeaning
) -> None:
    fault(market, name, seconds=60)
    page, reading = fetch(settings, f"{market.url}/shop{shop(market).path_of(Style.JSON_LD)}")
    assert reading.meaning is meaning
    assert reading.listings == ()
    assert (page.retry_after_seconds is not None) == (name == "throttled")


def test_a_path_that_robots_txt_closes_is_not_asked_for(market: SandboxServer, settings: Settings) -> None:
    httpx2.delete(f"{market.url}/control/requests").raise_for_status()
    page, reading = fetch(settings, f"{market.url}/shop/private/1")
    assert (page.status, reading.meaning) == (0, PageMeaning.BLOCKED)
    assert "robots.txt does not allow Pricescope" in reading.detail
    assert httpx2.get(f"{market.url}/control/requests").json()["paths"] == {}


def test_addresses_inside_this_machine_are_not_asked_for(market: SandboxServer, settings: Settings) -> None:
    other = market.url.replace("127.0.0.1", "localhost")
    page, reading = fetch(settings, f"{other}/shop{shop(market).path_of(Style.JSON_LD)}")
    assert (page.status, reading.meaning) == (0, PageMeaning.BLOCKED)
    assert "not asked" in reading.detail


def test_a_json_endpoint_of_a_rule_is_asked_in_place_of_the_page(
    market: SandboxServer, settings: Settings, tmp_path: Path
) -> None:
    rules = tmp_path / "shops.yaml"
    host = market.url.removeprefix("http://")
    rules.write_text(
        f"shops:\n- host: {host}\n  json_url: {market.url}/shop/api/products/{{id}}\n"
        "  product_id: /p/(\\d+)\n"
        "  json_price: product.prices.0.grosz\n  json_currency: product.prices.0.currency\n"
        "  json_title: product.title\n"
        "  json_availability: product.stock\n  minor_units: true\n"
    )
    url = f"{market.url}/shop{shop(market).path_of(Style.SCRIPTED)}"
    page, reading = fetch(settings.model_copy(update={"shops_file": rules}), url)
    (listing,) = reading.listings
    assert page.url == url, "the product keeps its own address"
    number = url.rsplit("/", 1)[1].split("-", maxsplit=1)[0]
    truth = {row["external_id"]: row for row in httpx2.get(f"{market.url}/truth/shop").json()}[number]
    assert listing.price == Decimal(str(truth["price"]))


@pytest.mark.browser
def test_a_price_that_scripts_write_is_read_through_the_browser(
    market: SandboxServer, settings: Settings, tmp_path: Path
) -> None:
    if find_chromium(settings) is None:
        pytest.skip("no Chromium on this machine")
    url = f"{market.url}/shop{shop(market).path_of(Style.SCRIPTED)}"
    _, plain = fetch(settings, url)
    assert plain.listings == ()
    rules = tmp_path / "shops.yaml"
    rules.write_text(f"shops:\n- host: {market.url.removeprefix('http://')}\n  needs_browser: true\n")
    _, rendered = fetch(settings.model_copy(update={"shops_file": rules}), url)
    number = url.rsplit("/", 1)[1].split("-", maxsplit=1)[0]
    truth = {row["external_id"]: row for row in httpx2.get(f"{market.url}/truth/shop").json()}[number]
    if truth["in_stock"]:
        assert [listing.price for listing in rendered.listings] == [Decimal(str(truth["price"]))]
