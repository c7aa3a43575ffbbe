"""Empik's price through a real Chromium: the page's own script fills it, and the listing has it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from domain.price_kind import PriceKind
from domain.settings import Settings
from sandbox.empik import pages
from sandbox.goods import State, good, goods
from sandbox.server import SandboxServer
from scrapers.browser import BrowserUnavailableError, fetch_rendered, find_chromium
from tests.retail import BOUGHT, fetch, good_in, late, offer_at
from tests.sandbox import running_sandbox

pytestmark = [pytest.mark.integration, pytest.mark.browser]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("mail")) as running:
        yield running


@pytest.fixture
def settings(server: SandboxServer, tmp_path: Path) -> Settings:
    made = Settings(_env_file=None, home=tmp_path, sandbox_url=server.url, request_attempts=1)
    if find_chromium(made) is None:
        pytest.skip("no Chromium on this machine")
    return made


def test_a_price_that_comes_by_script_is_read_once_the_browser_has_run_it(settings: Settings):
    at = late(1)
    # On sale, and cheaper for subscribers: all three prices are there, and one is the price.
    wanted = next(one for one in goods() if one.number % 6 == 0 and offer_at(one, "empik", "PLN", at).state in BOUGHT)
    truth = offer_at(wanted, "empik", "PLN", at)
    plain, rendered = fetch(settings, "empik", f"https://www.empik.com{pages.path(wanted)}", at=at)
    assert plain[1].unpriced[0].price_kind is PriceKind.NONE
    (listing,) = rendered[1].listings
    assert (listing.external_id, listing.price, listing.currency) == (pages.product_number(wanted), truth.amount, "PLN")
    assert listing.list_price == truth.list_amount
    assert listing.attributes["premium_price"] == str(truth.amount - 1)
    assert (rendered[0].watch_id, rendered[0].status, rendered[0].fetched_at) == (7, 200, at)


def test_what_is_not_available_is_asked_once_and_without_a_browser(settings: Settings, server: SandboxServer):
    wanted, at = good_in(State.OUT_OF_STOCK, "empik", "PLN", late(0))
    httpx2.delete(f"{server.url}/control/requests").raise_for_status()
    ((_, reading),) = fetch(settings, "empik", f"https://www.empik.com{pages.path(wanted)}", at=at)
    assert reading.unpriced[0].shown_price is None
    asked = httpx2.get(f"{server.url}/control/requests").json()["paths"]
    assert [path for path in asked if path.startswith("/empik")] == [f"/empik{pages.path(wanted)}"]


def test_a_browser_that_is_not_there_says_how_to_get_one(settings: Settings):
    absent = settings.model_copy(update={"chromium_path": settings.home / "no-browser"})
    first = good(1)
    assert first is not None
    with pytest.raises(BrowserUnavailableError, match="PRICESCOPE_CHROMIUM_PATH"):
        asyncio.run(fetch_rendered(f"{settings.sandbox_url}/empik{pages.path(first)}", settings=absent, wait_for="h1"))
