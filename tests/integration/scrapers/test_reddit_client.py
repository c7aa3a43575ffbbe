"""Reddit's client against its look-alike: token, pages, threads with folded comments, its own counts."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.listing import Availability
from domain.page import PageMeaning
from domain.settings import Settings
from sandbox.server import SandboxServer
from tests.sandbox import clear_faults, running_sandbox
from tests.sources import control_site, fetch_search, with_credentials

pytestmark = pytest.mark.integration
URL = "https://www.reddit.com/r/malefashionmarket/new/"


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
    (kept,) = (settings.home / "tokens").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    control_site(market, "reddit", revoke=True)
    meanings = [reading.meaning for _, reading in fetch_search("reddit", settings, URL)]
    assert meanings[:2] == [PageMeaning.UNAUTHORISED, PageMeaning.OK]


def test_a_search_ends_when_reddit_counts_no_request_left(market: SandboxServer, settings: Settings) -> None:
    control_site(market, "reddit", remaining=1)
    url = "https://www.reddit.com/r/hardwareswap+malefashionmarket/search?q=the&restrict_sr=1"
    assert len(fetch_search("reddit", settings, url.replace("q=the", "q=rtx"), max_pages=5)) == 1


def test_a_subreddit_that_is_not_there_is_gone(market: SandboxServer, settings: Settings) -> None:
    ((_, reading),) = fetch_search("reddit", settings, "https://www.reddit.com/r/nowhere/new/")
    assert reading.meaning is PageMeaning.GONE
