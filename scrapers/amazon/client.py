"""Amazon's client: the source that the pipeline polls.

Belongs here: which addresses a query asks for. Does not: politeness (``scrapers.http``), what a page means.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import urlsplit

from domain.page import PageMeaning, PageReading, RawPage
from domain.settings import Settings
from scrapers.amazon import search_url
from scrapers.amazon.domains import SOURCE_NAME, base_of, site
from scrapers.amazon.reading import PARSER_VERSION, read_page
from scrapers.amazon.recorded import recorded_page
from scrapers.contract import Clock, ParsedSearch, Query
from scrapers.page_source import PageSource

MAX_PAGES = 7
"""The site shows no more pages of a search than this (public client code)."""


class AmazonSource(PageSource):
    """Amazon as the pipeline sees it (see ``scrapers.contract.Source``)."""

    name = SOURCE_NAME
    parser_version = PARSER_VERSION

    def parse_search_url(self, url: str) -> ParsedSearch:
        """Read a product's or a search's address.

        Raises:
            SearchUrlError: naming what is not understood.
        """
        return search_url.parse_search_url(url, sandbox_url=self._settings.sandbox_url)

    def read_page(self, page: RawPage) -> PageReading:
        """Read one stored page."""
        return read_page(page)

    def recorded_page(self, body: bytes, *, url: str | None = None, fetched_at: datetime) -> RawPage:
        """Return a recorded body as a page (see ``scrapers.amazon.recorded``)."""
        return recorded_page(body, url=url, fetched_at=fetched_at)

    def parse_item_url(self, id_or_url: str, country: str) -> tuple[str, str]:
        """Return the ASIN and the country that a product's address, an ASIN or an ``ASIN@country`` names.

        Raises:
            ValueError: where it is no product of Amazon's.
        """
        text = id_or_url.strip()
        asin, _, named = text.partition("@")
        if search_url.ASIN.fullmatch(asin.upper()):
            return asin.upper(), site(named or country).country
        params = self.parse_search_url(text)
        url = params.params.get("url")
        found = search_url.asin_of(url) if isinstance(url, str) else None
        if found is None:
            raise ValueError(f"neither an ASIN nor a product's address: {text[:80]!r}")
        return found, params.country

    async def fetch_search(self, query: Query) -> AsyncIterator[RawPage]:
        """Fetch a product's page, or a search page by page until its last, an empty one or a refusal.

        Raises:
            UnknownCountryError: for a country without an Amazon site.
        """
        base = base_of(site(query.country).country, self._settings.sandbox_url)
        if "url" in query.params:
            path = urlsplit(search_url.write_search_url(query.params, base=base_of(query.country))).path
            yield self.page(await self._answer(f"{base}{path}"), query)
            return
        for number in range(1, min(query.max_pages, MAX_PAGES) + 1):
            answer = await self._answer(search_url.write_search_url(query.params, base=base, page=number))
            page = self.page(answer, query, number)
            yield page
            reading = self.read(page)
            if reading.meaning is not PageMeaning.OK or number >= (reading.total_pages or 1):
                return

    async def fetch_item(self, item_id: str, country: str) -> RawPage:
        """Fetch one product's page; never raises for what the site answered."""
        asin, place = self.parse_item_url(item_id, country)
        return self.page(await self._answer(f"{base_of(place, self._settings.sandbox_url)}/dp/{asin}"))


def create_amazon(
    settings: Settings, *, clock: Clock | None = None, market_time: datetime | None = None
) -> AmazonSource:
    """Return the Amazon source (the registry's factory)."""
    return AmazonSource(settings, clock=clock, market_time=market_time)
