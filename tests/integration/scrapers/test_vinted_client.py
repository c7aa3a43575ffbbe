"""The Vinted client against a look-alike on loopback: sessions, their renewal, fallbacks, paging."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.responses import HTMLResponse

from domain.page import PageMeaning, RawPage
from domain.settings import Settings
from scrapers.browser import BrowserError, BrowserUnavailableError, fetch_session, find_chromium
from scrapers.contract import Query
from scrapers.vinted import AsyncVinted, Vinted, VintedRefusedError, VintedSource
from tests.integration.scrapers.stub import WALL, CutOff, Market, expired, json, serving, withdrawn

pytestmark = pytest.mark.integration

_THEN = datetime(2026, 9, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def address(market: Market) -> Iterator[str]:
    with serving(market.answer) as base:
        yield base


def _settings(address: str, **changes: Any) -> Settings:
    plain = {
        "sandbox_url": address,
        "request_timeout_seconds": 10,
        "request_attempts": 2,
        "chromium_path": "/no/browser",
    }
    return Settings(_env_file=None, **{**plain, **changes})


def _wall() -> HTMLResponse:
    return HTMLResponse(WALL % "", 200)


def _fetch(settings: Settings, pages: int = 1, **options: Any) -> list[tuple[RawPage, PageMeaning]]:
    async def main() -> list[tuple[RawPage, PageMeaning]]:
        async with VintedSource(settings, **options) as source:
            query = Query(
                country="fr", params={"search_text": "robe", "brand_ids": ["53"]}, watch_id=7, max_pages=pages
            )
            return [(page, source.read(page).meaning) async for page in source.fetch_search(query)]

    return asyncio.run(main())


def _meanings(fetched: list[tuple[RawPage, PageMeaning]]) -> list[PageMeaning]:
    return [meaning for _, meaning in fetched]


def test_a_search_opens_a_session_and_reads_pages_until_the_last(market: Market, address: str):
    market.found = 200
    fetched = _fetch(_settings(address), pages=5, clock=lambda: _THEN)
    assert _meanings(fetched) == [PageMeaning.OK] * 3
    assert market.paths() == ["www/", *["api/svc-catalogue/items"] * 3]
    page = fetched[1][0]
    assert (page.watch_id, page.page_number, page.status, page.fetched_at) == (7, 2, 200, _THEN)
    assert page.duration_ms is not None
    _, query, headers = market.log[1]
    assert "attribute_ids%5Bbrand%5D=53" in query
    assert headers["authorization"] == "Bearer token-1"
    assert headers["x-anon-id"] == "anon-1"
    assert "x-sandbox-time" not in headers


def test_a_full_last_page_ends_the_search_and_no_more_than_ten_are_asked(market: Market, address: str):
    market.found = 96
    assert len(_fetch(_settings(address), pages=5)) == 1
    market.found = 5000
    assert len(_fetch(_settings(address), pages=50)) == 10


def test_a_source_says_how_many_requests_it_sent_even_when_closed(market: Market, address: str):
    async def main() -> tuple[int, int]:
        source = VintedSource(_settings(address))
        for country in ("fr", "de"):
            async for _ in source.fetch_search(Query(country=country, params={"search_text": "robe"}, max_pages=1)):
                pass
        sent = source.requests_sent
        await source.aclose()
        return sent, source.requests_sent

    sent, afterwards = asyncio.run(main())
    assert sent == afterwards == len(market.log) == 4


def test_an_empty_search_is_one_empty_page(market: Market, address: str):
    market.found = 0
    assert _meanings(_fetch(_settings(address), pages=5)) == [PageMeaning.EMPTY]


def test_an_expired_session_is_renewed_once(market: Market, address: str):
    market.script = [expired()]
    fetched = _fetch(_settings(address))
    assert _meanings(fetched) == [PageMeaning.UNAUTHORISED, PageMeaning.OK]
    assert market.paths() == ["www/", "api/svc-catalogue/items"] * 2
    assert market.log[-1][2]["authorization"] == "Bearer token-2"


def test_a_session_that_is_never_accepted_is_renewed_only_once_and_the_catalogue_page_is_asked(
    market: Market, address: str
):
    market.script = [expired() for _ in range(9)]
    fetched = _fetch(_settings(address), pages=2)
    assert _meanings(fetched) == [PageMeaning.UNAUTHORISED, PageMeaning.UNAUTHORISED, PageMeaning.OK, PageMeaning.OK]
    assert market.paths() == [
        "www/",
        "api/svc-catalogue/items",
        "www/",
        "api/svc-catalogue/items",
        *["www/catalog"] * 2,
    ]
    assert [page.page_number for page, _ in fetched] == [1, 1, 1, 2]


def test_a_withdrawn_service_leads_to_the_catalogue_page(market: Market, address: str):
    market.script = [withdrawn(), withdrawn()]
    assert _meanings(_fetch(_settings(address))) == [PageMeaning.GONE, PageMeaning.GONE, PageMeaning.OK]


def test_a_changed_service_leads_to_the_catalogue_page_without_a_new_session(market: Market, address: str):
    market.script = [json({"data": {}, "version": 3})]
    assert _meanings(_fetch(_settings(address))) == [PageMeaning.CHANGED, PageMeaning.OK]
    assert market.paths().count("www/") == 1


def test_a_challenge_with_status_200_is_a_refusal(market: Market, address: str):
    market.script = [_wall(), _wall()]
    assert _meanings(_fetch(_settings(address))) == [PageMeaning.BLOCKED, PageMeaning.BLOCKED, PageMeaning.OK]


def test_throttled_ends_the_search_at_once(market: Market, address: str):
    market.script = [json({}, 429, {"Retry-After": "600"})]
    fetched = _fetch(_settings(address), pages=5)
    assert _meanings(fetched) == [PageMeaning.THROTTLED]
    assert market.paths() == ["www/", "api/svc-catalogue/items"]


def test_a_cut_off_answer_is_asked_again(market: Market, address: str):
    market.script = [CutOff(b'{"items": []}' * 50, media_type="application/json")]
    assert _meanings(_fetch(_settings(address))) == [PageMeaning.OK]


def test_a_refused_homepage_without_a_browser_is_told_and_the_catalogue_page_still_asked(market: Market, address: str):
    market.homepage_script = [HTMLResponse(WALL % "", 403)]
    fetched = _fetch(_settings(address))
    assert _meanings(fetched) == [PageMeaning.BLOCKED, PageMeaning.OK]
    assert fetched[0][0].status == 403
    assert market.paths() == ["www/", "www/catalog"]


def test_a_homepage_without_a_session_is_no_answer_to_the_search(market: Market, address: str):
    market.homepage_script = [HTMLResponse("<html><body><h1>home</h1></body></html>")]
    fetched = _fetch(_settings(address))
    assert _meanings(fetched) == [PageMeaning.BLOCKED, PageMeaning.OK]
    assert (fetched[0][0].status, b"no session" in fetched[0][0].body) == (0, True)


def test_nobody_there_is_a_page_that_says_so():
    with serving(Market().answer) as base:
        gone = base
    fetched = _fetch(_settings(gone, request_attempts=1))
    assert set(_meanings(fetched)) == {PageMeaning.BLOCKED}
    assert fetched[0][0].status == 0
    assert fetched[0][0].body


def test_a_cookie_set_by_hand_needs_no_homepage(market: Market, address: str):
    fetched = _fetch(_settings(address, vinted_cookie="access_token_web=token-5; anon_id=anon-5"))
    assert _meanings(fetched) == [PageMeaning.OK]
    assert market.paths() == ["api/svc-catalogue/items"]
    assert "anon_id=anon-5" in market.log[0][2]["cookie"]


def test_a_spent_cookie_set_by_hand_is_followed_by_a_session_of_our_own(market: Market, address: str):
    fetched = _fetch(_settings(address, vinted_cookie="access_token_web=old; anon_id=anon-5"))
    assert _meanings(fetched) == [PageMeaning.UNAUTHORISED, PageMeaning.OK]


def test_the_time_asked_of_a_sandbox_goes_with_every_request(market: Market, address: str):
    _fetch(_settings(address), market_time=_THEN)
    assert {headers["x-sandbox-time"] for _, _, headers in market.log} == {"2026-09-20T12:00:00+00:00"}


def test_each_country_has_a_session_of_its_own(market: Market, address: str):
    async def main() -> None:
        async with VintedSource(_settings(address)) as source:
            for country in ("fr", "co.uk", "fr"):
                async for page in source.fetch_search(Query(country=country, params={}, max_pages=1)):
                    assert page.status == 200

    asyncio.run(main())
    assert market.tokens == 2


def test_the_prompt_client_searches_shows_an_item_and_a_user(market: Market, address: str):
    with Vinted(_settings(address)) as vinted:
        found = vinted.search("robe", country="fr", pages=2, price_to=30, brand_ids=[53])
        item = vinted.item("https://www.vinted.fr/items/123-robe")
        user = vinted.user(77)
        market.sells = False
        sold = vinted.item(123)
    assert (len(found.listings), found.total_entries, found.pages) == (100, 100, 2)
    assert found.search.params == {"search_text": "robe", "price_to": "30", "brand_ids": ["53"]}
    assert found.listings[0].url == f"{address}/vinted/fr/www/items/10000000001-jean-droit"
    assert item is not None
    assert (item.external_id, item.description) == ("123", "Belle")
    assert user is not None
    assert (user.login, str(user.feedback_reputation)) == ("someone", "0.98")
    assert sold is None


def test_the_prompt_client_says_why_it_was_refused(market: Market, address: str):
    market.script = [json({}, 429, {"Retry-After": "600"})]

    async def main() -> None:
        async with AsyncVinted(_settings(address)) as vinted:
            await vinted.search("https://www.vinted.fr/catalog?search_text=robe")

    with pytest.raises(VintedRefusedError, match="throttled"):
        asyncio.run(main())


# ---------------------------------------------------------------- with a real browser


def _browser() -> str:
    path = find_chromium(Settings(_env_file=None))
    if path is None:
        pytest.skip("no Chromium on this machine")
    return str(path)


@pytest.mark.browser
def test_a_homepage_that_wants_a_browser_gives_a_session_to_one(market: Market, address: str):
    market.browsers_only = True
    fetched = _fetch(_settings(address, chromium_path=_browser(), request_timeout_seconds=30), market_time=_THEN)
    assert _meanings(fetched) == [PageMeaning.OK]
    visits = [headers for path, _, headers in market.log if path.endswith("/www/")]
    assert len(visits) >= 3
    assert {headers["user-agent"] for headers in visits} == {Settings(_env_file=None).user_agent}
    assert {headers["x-sandbox-time"] for headers in visits} == {"2026-09-20T12:00:00+00:00"}
    assert "datadome=cleared" in market.log[-1][2]["cookie"]


@pytest.mark.browser
def test_a_challenge_that_persists_after_a_new_session_brings_the_browser(market: Market, address: str):
    market.script = [_wall(), _wall()]
    fetched = _fetch(_settings(address, chromium_path=_browser(), request_timeout_seconds=30))
    assert _meanings(fetched) == [PageMeaning.BLOCKED, PageMeaning.BLOCKED, PageMeaning.OK]
    assert market.paths().count("www/") == 3
    assert market.paths()[-1] == "api/svc-catalogue/items"


@pytest.mark.browser
def test_a_page_that_never_loads_is_a_browser_error():
    settings = Settings(_env_file=None, chromium_path=_browser())
    with pytest.raises(BrowserError):
        asyncio.run(fetch_session("http://127.0.0.1:9/", settings=settings, timeout_seconds=20))


def test_a_missing_browser_says_how_to_get_one():
    settings = Settings(_env_file=None, chromium_path="/no/such/chromium")
    with pytest.raises(BrowserUnavailableError, match="PRICESCOPE_CHROMIUM_PATH"):
        asyncio.run(fetch_session("http://127.0.0.1:9/", settings=settings))
