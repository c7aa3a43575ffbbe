"""Reddit's client against its look-alike: token, pages, threads with folded comments, its own counts."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from domain.listing import Availability
from domain.page import PageMeaning, PageReading
from domain.settings import Settings
from sandbox.reddit.site import PRIVATE
from sandbox.server import SandboxServer
from scrapers.contract import ItemSource
from scrapers.registry import create_source
from tests.sandbox import clear_faults, running_sandbox
from tests.sources import control_site, fetch_search, with_credentials

pytestmark = pytest.mark.integration
URL = "https://www.reddit.com/r/malefashionmarket/new/"
HARDWARE = "https://www.reddit.com/r/hardwareswap+HardwareSwapUK/new/"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("mail")) as server:
        yield server


@pytest.fixture
def settings(market: SandboxServer, tmp_path: Path) -> Iterator[Settings]:
    control_site(market, "reddit", ttl_seconds=3600, remaining=600)
    yield with_credentials(Settings(home=tmp_path, sandbox_url=market.url))
    clear_faults(market)


def test_a_page_brings_posts_and_the_thread_with_its_folded_comments(market: SandboxServer, settings: Settings) -> None:
    fetched = fetch_search("reddit", settings, URL)
    assert ["/new" in page.url for page, _ in fetched] == [True, False, False]
    posts, comments, more = (reading for _, reading in fetched)
    assert len(posts.listings) > 20
    assert len(comments.listings) == 6
    assert len(more.listings) == 4
    states = {listing.availability for listing in posts.listings}
    assert {Availability.AVAILABLE, Availability.SOLD} <= states
    assert not any(listing.seller and listing.seller.login == "sandbox_buyer" for listing in posts.listings)
    assert all(listing.currency == "USD" for _, reading in fetched for listing in reading.listings)


def test_paging_reads_each_post_once(market: SandboxServer, settings: Settings) -> None:
    url = "https://www.reddit.com/r/hardwareswap+HardwareSwapUK+malefashionmarket/new/"
    fetched = [pair for pair in fetch_search("reddit", settings, url, max_pages=5) if "/new" in pair[0].url]
    ids = [listing.external_id for _, reading in fetched for listing in reading.listings]
    assert len(fetched) > 1
    assert len(ids) == len(set(ids))


def test_the_token_outlives_the_client_and_is_renewed_once(market: SandboxServer, settings: Settings) -> None:
    before = int(str(control_site(market, "reddit")["issued"]))
    for _ in range(2):
        fetch_search("reddit", settings, URL)
    assert control_site(market, "reddit")["issued"] == before + 1
    assert control_site(market, "reddit")["grant"] == "client_credentials"
    (kept,) = (settings.home / "tokens").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    control_site(market, "reddit", revoke=True)
    meanings = [reading.meaning for _, reading in fetch_search("reddit", settings, URL)]
    assert meanings[:2] == [PageMeaning.UNAUTHORISED, PageMeaning.OK]


def test_a_search_ends_when_reddit_counts_no_request_left(market: SandboxServer, settings: Settings) -> None:
    control_site(market, "reddit", remaining=1)
    url = "https://www.reddit.com/r/hardwareswap+malefashionmarket/search?q=rtx&restrict_sr=1"
    assert len(fetch_search("reddit", settings, url, max_pages=5)) == 1


def test_threads_are_left_for_later_when_no_request_is_left(market: SandboxServer, settings: Settings) -> None:
    control_site(market, "reddit", remaining=2)
    fetched = fetch_search("reddit", settings, URL)
    assert ["/comments/" in page.url for page, _ in fetched] == [False, True]


@pytest.mark.parametrize("subreddit", ["nowhere", PRIVATE])
def test_a_subreddit_that_is_not_open_is_gone_and_no_refusal(
    market: SandboxServer, settings: Settings, subreddit: str
) -> None:
    ((_, reading),) = fetch_search("reddit", settings, f"https://www.reddit.com/r/{subreddit}/new/")
    assert reading.meaning is PageMeaning.GONE
    assert "subreddit" in reading.detail


def test_everything_on_offer_is_read_at_its_price_and_nothing_else_is_comparable(
    market: SandboxServer, settings: Settings
) -> None:
    url = "https://www.reddit.com/r/hardwareswap+HardwareSwapUK+malefashionmarket/new/"
    true: dict[str, list[tuple[Decimal, str]]] = {}
    for row in httpx2.get(f"{market.url}/truth/reddit").raise_for_status().json():
        post = true.setdefault(row["external_id"], [])
        if row["live"]:
            post.append((Decimal(row["price"]), row["currency"]))
    read: dict[str, list[tuple[Decimal, str]]] = {}
    for page, reading in fetch_search("reddit", settings, url, max_pages=10):
        if "/new" not in page.url:
            continue
        for listing in reading.listings:
            post = read.setdefault(listing.external_id.partition(".")[0], [])
            if listing.price_kind.is_comparable and listing.availability is not Availability.SOLD:
                post.append((listing.price, listing.currency))
    assert len(read) > 50
    assert {name: sorted(asks) for name, asks in read.items()} == {name: sorted(true[name]) for name in read}


def test_a_thing_sold_by_an_edit_keeps_its_id(market: SandboxServer, settings: Settings) -> None:
    now = datetime.now(UTC)
    states: list[dict[str, Availability]] = []
    for days_ago in (9, 0):
        seen = fetch_search("reddit", settings, HARDWARE, max_pages=10, market_time=now - timedelta(days=days_ago))
        states.append({one.external_id: one.availability for _, reading in seen for one in reading.listings})
    before, after = states
    both = [name for name in before if name in after]
    turned = [name for name in both if before[name] is not Availability.SOLD and after[name] is Availability.SOLD]
    assert turned
    # Who takes the price out with the thing leaves an offer without price; all others stay what they were.
    assert len(both) > 0.8 * len(before)


def test_one_post_can_be_asked_for(market: SandboxServer, settings: Settings) -> None:
    listing = next(one for _, reading in fetch_search("reddit", settings, HARDWARE) for one in reading.listings)

    async def read_again() -> PageReading:
        source = create_source("reddit", settings)
        assert isinstance(source, ItemSource)
        try:
            item_id, country = source.parse_item_url(listing.url, "any")
            return source.read(await source.fetch_item(item_id, country))
        finally:
            await source.aclose()

    reading = asyncio.run(read_again())
    assert reading.meaning is PageMeaning.OK
    assert listing.external_id in {one.external_id for one in reading.listings}


def test_the_sandboxs_own_address_is_the_same_search(settings: Settings) -> None:
    source = create_source("reddit", settings)
    mine = source.parse_search_url(f"{settings.sandbox_url}/reddit/r/hardwareswap/search?q=rtx&restrict_sr=1")
    assert mine == source.parse_search_url("https://www.reddit.com/r/hardwareswap/search?q=rtx&restrict_sr=1")


def test_a_script_app_signs_in_with_its_user_and_says_nothing_of_it(
    market: SandboxServer, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    secrets = {"reddit_username": "some_user", "reddit_password": SecretStr("pass-of-the-user")}
    fetched = fetch_search("reddit", settings.model_copy(update=secrets), URL)
    assert fetched[0][1].meaning is PageMeaning.OK
    assert control_site(market, "reddit")["grant"] == "password"
    said = caplog.text + "".join(page.url for page, _ in fetched)
    assert "pass-of-the-user" not in said
    assert "Bearer" not in said
    (kept,) = (settings.home / "tokens").iterdir()
    assert "pass-of-the-user" not in kept.read_text()
