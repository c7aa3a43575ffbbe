"""Each source's ways of refusing, and what each means: over HTTP, against its look-alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.page import PageMeaning
from domain.settings import Settings
from sandbox.server import SandboxServer
from scrapers.registry import create_source, source_names
from tests.sandbox import clear_faults, running_sandbox
from tests.sources import NEED_CREDENTIALS, demo_watch, fetch_search, set_fault, with_credentials

pytestmark = pytest.mark.integration
# What a fault means at every source; where the last answer counts, it is the one after a renewed session.
MEANINGS = {
    "challenge": {PageMeaning.BLOCKED},
    "challenge_200": {PageMeaning.BLOCKED, PageMeaning.CHANGED},
    "throttled": {PageMeaning.THROTTLED},
    "changed": {PageMeaning.CHANGED, PageMeaning.BLOCKED},
    # A list that has moved tells its owner; what is gone of a source that goes on by another route need not.
    "withdrawn": {PageMeaning.GONE, PageMeaning.CHANGED},
    "server_error": {PageMeaning.THROTTLED, PageMeaning.BLOCKED},
    "cut_off": {PageMeaning.CHANGED, PageMeaning.BLOCKED},
}
OTHERS = [name for name in source_names() if name != "vinted"]  # Vinted has tests of its own


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("mail")) as server:
        yield server


@pytest.fixture
def settings(market: SandboxServer, tmp_path: Path) -> Iterator[Settings]:
    yield with_credentials(Settings(home=tmp_path, sandbox_url=market.url))
    clear_faults(market)


@pytest.mark.parametrize("name", OTHERS)
def test_a_source_that_answers_gives_listings_and_keeps_its_pages(
    market: SandboxServer, settings: Settings, name: str
) -> None:
    fetched = fetch_search(name, settings, demo_watch(name, market).url)
    assert any(reading.listings for _, reading in fetched)
    for page, reading in fetched:
        assert page.watch_id == 1
        assert reading.meaning is PageMeaning.OK
        assert all(listing.source == name and listing.price > 0 for listing in reading.listings)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("fault", MEANINGS)
def test_a_refusal_is_told_by_its_structure(market: SandboxServer, settings: Settings, name: str, fault: str) -> None:
    url = demo_watch(name, market).url
    fetch_search(name, settings, url)  # signed in, rules of robots read
    set_fault(market, name, fault, seconds=60, abort=True)
    page, reading = fetch_search(name, settings, url)[-1]
    assert reading.meaning in MEANINGS[fault], reading.detail
    assert reading.detail
    assert reading.listings == ()
    if fault == "throttled":
        assert page.retry_after_seconds == pytest.approx(60, abs=2)


@pytest.mark.parametrize("name", OTHERS)
def test_one_bad_record_never_costs_the_others(market: SandboxServer, settings: Settings, name: str) -> None:
    url = demo_watch(name, market).url
    good = fetch_search(name, settings, url)
    set_fault(market, name, "poison", record="nan_price")
    bad = fetch_search(name, settings, url)
    before, after = good[0][1], bad[0][1]
    # One record of Reddit is a post of up to five things.
    assert len(after.listings) >= len(before.listings) - 5
    if len(before.listings) > 5:
        assert after.meaning is PageMeaning.OK


@pytest.mark.parametrize("name", [name for name in NEED_CREDENTIALS if name in OTHERS])
def test_a_source_without_its_credentials_says_how_to_get_them(
    market: SandboxServer, tmp_path: Path, name: str
) -> None:
    source = create_source(name, Settings(home=tmp_path, sandbox_url=market.url))
    assert source.missing_configuration is not None
    assert f"PRICESCOPE_{name.upper()}_" in source.missing_configuration
    configured = create_source(name, with_credentials(Settings(home=tmp_path, sandbox_url=market.url)))
    assert configured.missing_configuration is None


@pytest.mark.parametrize("name", [name for name in NEED_CREDENTIALS if name in OTHERS])
def test_refused_credentials_are_told_as_such_and_no_secret_is_in_the_pages(
    market: SandboxServer, settings: Settings, name: str
) -> None:
    set_fault(market, name, "unauthorised")
    fetched = fetch_search(name, settings, demo_watch(name, market).url)
    assert fetched[-1][1].meaning is PageMeaning.UNAUTHORISED
    for page, _ in fetched:
        assert b"Basic " not in page.body
        assert b"Bearer " not in page.body
