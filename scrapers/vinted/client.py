"""Vinted's client: the source that the pipeline polls.

Belongs here: the order of routes, when a session is renewed, paging. Does not: politeness (``scrapers.http``), what a
page means or holds (``reading``), the client for a Python prompt (``prompt``).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import msgspec

from domain.page import PageMeaning, PageReading, RawPage
from domain.settings import Settings
from scrapers.answers import page_of_answer, sandbox_headers
from scrapers.browser import BrowserError
from scrapers.closing import ClosedByWith
from scrapers.contract import Clock, ParsedSearch, Query
from scrapers.http import Answer, PoliteClient
from scrapers.retry_budget import RetryBudget
from scrapers.vinted import search_url
from scrapers.vinted.domains import DEFAULT_COUNTRY, SOURCE_NAME, api_base, site, www_base
from scrapers.vinted.item_url import parse_item_url
from scrapers.vinted.reading import PARSER_VERSION, read_page
from scrapers.vinted.recorded import recorded_page, stated_time
from scrapers.vinted.requests import MAX_PAGES, PER_PAGE, page_params, service_params
from scrapers.vinted.session import Session, session_by_browser, session_by_http, session_from_cookie
from scrapers.vinted.session_store import SessionStore

_NEEDS_NEW_SESSION = frozenset({401, 403, 404})


class _Country:
    """One country's connection: its own cookies, since a session serves one site only."""

    def __init__(self, code: str, client: PoliteClient, www: str, api: str) -> None:
        self.code = code
        self.client = client
        self.www = www
        self.api = api
        self.session: Session | None = None
        self.cookie_is_spent = False


class _Budget(msgspec.Struct):
    """What a search may still spend on sessions: renewals, and starts of a browser."""

    renewals_left: int = 1
    browser_left: int = 1


class VintedSource(ClosedByWith):
    """Vinted as the pipeline sees it (see ``scrapers.contract.Source``)."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        market_time: datetime | None = None,
        client_options: dict[str, Any] | None = None,
        keep_sessions: bool = False,
    ) -> None:
        """Make a source; nothing is fetched yet.

        Args:
            settings: rate, proxy, User-Agent, sandbox, cookie set by hand.
            clock: tells when pages were fetched; ``market_time`` or the real time by default.
            market_time: the sandbox shows its market at this time (UTC).
            client_options: further arguments of ``PoliteClient``, for tests.
            keep_sessions: use the session of an earlier process and leave one for the next, under ``settings.home``.

        Raises:
            ValueError: where ``market_time`` is asked of the real Vinted.
        """
        self.name = SOURCE_NAME
        self.parser_version = PARSER_VERSION
        self.missing_configuration: str | None = None
        self._settings = settings
        self._clock: Clock = clock or (lambda: market_time or datetime.now(UTC))
        self._market_headers = sandbox_headers(market_time, settings.sandbox_url)
        self._client_options = client_options or {}
        self._store = SessionStore(settings.home, settings.user_agent) if keep_sessions else None
        self._countries: dict[str, _Country] = {}
        self._retry_budget = RetryBudget()
        self._sent_before = 0

    async def aclose(self) -> None:
        """Close connections."""
        for country in self._countries.values():
            await country.client.aclose()
            self._sent_before += country.client.requests_sent
        self._countries.clear()

    @property
    def requests_sent(self) -> int:
        """How many requests were sent so far, all countries together; a browser's are not counted."""
        return self._sent_before + sum(country.client.requests_sent for country in self._countries.values())

    # ------------------------------------------------------------ pure

    def parse_search_url(self, url: str) -> ParsedSearch:
        """Read the site's own search URL.

        Raises:
            SearchUrlError: naming what is not understood.
        """
        return search_url.parse_search_url(url, sandbox_url=self._settings.sandbox_url)

    def read(self, page: RawPage) -> PageReading:
        """Tell a page's meaning and its listings. Pure; never raises."""
        return read_page(page)

    def recorded_page(self, body: bytes, *, url: str | None = None, fetched_at: datetime) -> RawPage:
        """Return a recorded body as a page (see ``scrapers.vinted.recorded``)."""
        return recorded_page(body, url=url, fetched_at=fetched_at)

    def parse_item_url(self, id_or_url: str, country: str) -> tuple[str, str]:
        """Return the id and country of a listing's address (see ``scrapers.vinted.item_url``)."""
        return parse_item_url(id_or_url, country)

    def stated_time(self, body: bytes) -> datetime | None:
        """Return the server time that a search answer states (see ``scrapers.vinted.recorded``)."""
        return stated_time(body)

    # ------------------------------------------------------------ searching

    async def fetch_search(self, query: Query) -> AsyncIterator[RawPage]:
        """Fetch a search page by page, refusals included.

        The search service is asked first; refused, it is asked once more with a new session (plain, else by a
        browser); refused again, the server-rendered catalogue page is asked. Ends at an empty or short page, at the
        last page, at the cap of ten pages, or where no route answers.

        Raises:
            UnknownCountryError: for a country without a Vinted site.
        """
        country = self._country(query.country)
        budget = _Budget()
        by_service = True
        for number in range(1, min(query.max_pages, MAX_PAGES) + 1):
            reading: PageReading | None = None
            if by_service:
                async with aclosing(self._service_pages(country, query, number, budget)) as answers:
                    async for page, judged in answers:
                        reading = judged
                        yield page
                by_service = reading is not None and not _may_take_other_route(reading.meaning)
            if not by_service and (reading is None or _may_take_other_route(reading.meaning)):
                page = await self._catalogue_page(country, query, number)
                reading = self.read(page)
                yield page
            if reading is None or _is_last(reading, number):
                return

    async def _service_pages(
        self, country: _Country, query: Query, number: int, budget: _Budget
    ) -> AsyncGenerator[tuple[RawPage, PageReading], None]:
        """Ask the search service for one page; yields every answer with its reading, the last of which counts."""
        if country.session is None:
            refusal = await self._open_session(country, budget)
            if refusal is not None:
                page = self._page(refusal, query, number)
                yield page, self.read(page)
                return
        while True:
            page = await self._service_page(country, query, number)
            reading = self.read(page)
            yield page, reading
            if not _session_is_refused(page, reading.meaning):
                return
            if not await self._renew_session(country, budget, reading.meaning):
                return

    async def _service_page(self, country: _Country, query: Query, number: int) -> RawPage:
        headers = country.session.service_headers() if country.session else {}
        answer = await country.client.get(
            f"{country.api}/svc-catalogue/items",
            params=service_params(query.params, page=number),
            headers={
                "Accept": "application/json",
                "Origin": _origin(country.www),
                "Referer": f"{country.www}/",
                **headers,
                **self._market_headers,
            },
        )
        return self._page(answer, query, number)

    async def _catalogue_page(self, country: _Country, query: Query, number: int) -> RawPage:
        answer = await self._site_page(country, "/catalog", page_params(query.params, page=number))
        return self._page(answer, query, number)

    async def _site_page(self, country: _Country, path: str, params: list[tuple[str, str]]) -> Answer:
        headers = country.session.page_headers() if country.session else {}
        return await country.client.get(
            f"{country.www}{path}", params=params, headers={"Accept": "text/html", **headers, **self._market_headers}
        )

    # ------------------------------------------------------------ sessions

    async def _open_session(self, country: _Country, budget: _Budget) -> Answer | None:
        """Get a session by hand-set cookie, plain HTTP or browser; return the homepage's refusal if none was got."""
        by_hand = self._settings.vinted_cookie
        if by_hand is not None and not country.cookie_is_spent:
            country.cookie_is_spent = True
            country.session = session_from_cookie(by_hand.get_secret_value())
            if country.session is not None:
                return None
        if self._store is not None:
            country.session = self._store.load(country.code, country.www)
            if country.session is not None:
                return None
        country.client.clear_cookies()
        country.session, answer = await session_by_http(country.client, f"{country.www}/", self._market_headers)
        if country.session is None and answer.status in {200, 401, 403}:
            await self._open_session_by_browser(country, budget)
        if country.session is not None:
            self._keep(country)
            return None
        if answer.status == 200 and self.read(self._page(answer, None, None)).meaning is not PageMeaning.BLOCKED:
            # The homepage shows listings of its own; kept as an answer to the search, they would enter its statistics.
            return Answer(status=0, url=answer.url, error="the homepage gave no session (no access_token_web cookie)")
        return answer

    async def _open_session_by_browser(self, country: _Country, budget: _Budget) -> None:
        if budget.browser_left <= 0:
            return
        budget.browser_left -= 1
        try:
            country.session = await session_by_browser(self._settings, f"{country.www}/", self._market_headers)
        except BrowserError:
            # Without a browser the refusal of the plain request stands; the owner sees that one.
            country.session = None

    async def _renew_session(self, country: _Country, budget: _Budget, meaning: PageMeaning) -> bool:
        """Throw the session away and get another, once; then once by browser where a challenge persists."""
        spent, country.session = country.session, None
        if self._store is not None:
            self._store.discard(country.code)
        if budget.renewals_left > 0:
            budget.renewals_left -= 1
            await self._open_session(country, budget)
        elif meaning is PageMeaning.BLOCKED and (spent is None or spent.origin != "browser"):
            await self._open_session_by_browser(country, budget)
            self._keep(country)
        return country.session is not None

    def _keep(self, country: _Country) -> None:
        if self._store is not None and country.session is not None:
            self._store.save(country.code, country.www, country.session, country.client.cookies())

    def _country(self, name: str) -> _Country:
        code = site(name).country
        if code not in self._countries:
            sandbox = self._settings.sandbox_url
            client = PoliteClient(self._settings, retry_budget=self._retry_budget, **self._client_options)
            self._countries[code] = _Country(code, client, www_base(code, sandbox), api_base(code, sandbox))
        return self._countries[code]

    # ------------------------------------------------------------ single pages

    async def fetch_item(self, item_id: str, country: str = DEFAULT_COUNTRY) -> RawPage:
        """Fetch one listing's page."""
        place = self._country(country)
        return self._page(await self._site_page(place, f"/items/{item_id}", []), None, None)

    async def fetch_user(self, user_id: str, country: str = DEFAULT_COUNTRY) -> RawPage:
        """Fetch a member's public profile (JSON), with a session."""
        place = self._country(country)
        budget = _Budget()
        if place.session is None:
            refusal = await self._open_session(place, budget)
            if refusal is not None:
                return self._page(refusal, None, None)
        return await self._user_page(place, user_id, budget)

    async def _user_page(self, place: _Country, user_id: str, budget: _Budget) -> RawPage:
        while True:
            headers = place.session.service_headers() if place.session else {}
            answer = await place.client.get(
                f"{place.www}/api/v2/users/{user_id}",
                headers={"Accept": "application/json", **headers, **self._market_headers},
            )
            page = self._page(answer, None, None)
            if page.status not in {401, 403} or not await self._renew_session(place, budget, self.read(page).meaning):
                return page

    def _page(self, answer: Answer, query: Query | None, number: int | None) -> RawPage:
        return page_of_answer(self.name, answer, self._clock(), query, number)


def create_vinted(
    settings: Settings, *, clock: Clock | None = None, market_time: datetime | None = None
) -> VintedSource:
    """Return the Vinted source (the registry's factory); its sessions outlive the process."""
    return VintedSource(settings, clock=clock, market_time=market_time, keep_sessions=True)


def _origin(www: str) -> str:
    scheme, _, rest = www.partition("://")
    return f"{scheme}://{rest.split('/', 1)[0]}"


def _session_is_refused(page: RawPage, meaning: PageMeaning) -> bool:
    # A challenge page may come with status 200.
    return page.status in _NEEDS_NEW_SESSION or (page.status == 200 and meaning is PageMeaning.BLOCKED)


def _may_take_other_route(meaning: PageMeaning) -> bool:
    """The catalogue page may answer where the service refuses us, is gone or has changed; not where we are too fast."""
    return meaning in {PageMeaning.BLOCKED, PageMeaning.UNAUTHORISED, PageMeaning.GONE, PageMeaning.CHANGED}


def _is_last(reading: PageReading, number: int) -> bool:
    if reading.meaning is not PageMeaning.OK:
        return True
    if reading.total_pages is not None and number >= reading.total_pages:
        return True
    return len(reading.listings) + len(reading.rejected) < PER_PAGE
