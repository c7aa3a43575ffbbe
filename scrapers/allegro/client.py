"""Allegro's client: the source that the pipeline polls.

Belongs here: which address a query asks for. Does not: politeness (``scrapers.http``), what a page means (``reading``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import msgspec

from domain.page import PageReading, RawPage
from domain.settings import Settings
from scrapers.allegro import addresses
from scrapers.allegro.addresses import ASKED, REAL_BASE, SOURCE_NAME
from scrapers.allegro.reading import PARSER_VERSION, read_page
from scrapers.allegro.recorded import recorded_page, stated_time
from scrapers.contract import Clock, ParsedSearch, Query
from scrapers.http import Answer
from scrapers.page_source import PageSource


class AllegroSource(PageSource):
    """Allegro as the pipeline sees it (see ``scrapers.contract.Source``)."""

    name = SOURCE_NAME
    parser_version = PARSER_VERSION

    def parse_search_url(self, url: str) -> ParsedSearch:
        """Read an offer's address.

        Raises:
            SearchUrlError: naming what is not understood, or why searches cannot be watched.
        """
        return addresses.parse_search_url(url, sandbox_url=self._settings.sandbox_url)

    def read_page(self, page: RawPage) -> PageReading:
        """Read one stored page."""
        return read_page(page)

    def recorded_page(self, body: bytes, *, url: str | None = None, fetched_at: datetime) -> RawPage:
        """Return a recorded body as a page (see ``scrapers.allegro.recorded``)."""
        return recorded_page(body, url=url, fetched_at=fetched_at)

    def stated_time(self, body: bytes) -> datetime | None:
        """Return when a recorded list says it was shown (see ``scrapers.allegro.recorded``)."""
        return stated_time(body)

    def parse_item_url(self, id_or_url: str, country: str) -> tuple[str, str]:
        """Return the offer's id and the country that its address names.

        Raises:
            ValueError: where it is no offer of Allegro's.
        """
        del country
        text = id_or_url.strip()
        if text.isascii() and text.isdigit():
            return text, addresses.COUNTRY
        found = addresses.offer_of(str(self.parse_search_url(text).params["url"]))
        if found is None:
            raise ValueError(f"neither an offer's id nor its address: {text[:80]!r}")
        return found, addresses.COUNTRY

    async def fetch_search(self, query: Query) -> AsyncIterator[RawPage]:
        """Fetch the offer's page, whatever comes."""
        yield await self._offer(str(query.params.get("url", REAL_BASE)), query)

    async def fetch_item(self, item_id: str, country: str) -> RawPage:
        """Fetch one offer's page; never raises for what the site answered."""
        offer, _ = self.parse_item_url(item_id, country)
        return await self._offer(f"{REAL_BASE}/oferta/{offer}", None)

    async def _offer(self, address: str, query: Query | None) -> RawPage:
        answer = await self._answer(addresses.served_at(address, self._settings.sandbox_url))
        return self.page(_with_asked(answer, addresses.offer_of(address)), query)


def create_allegro(
    settings: Settings, *, clock: Clock | None = None, market_time: datetime | None = None
) -> AllegroSource:
    """Return the Allegro source (the registry's factory)."""
    return AllegroSource(settings, clock=clock, market_time=market_time)


def _with_asked(answer: Answer, asked: str | None) -> Answer:
    """Keep the offer asked for in the stored address, where a redirect took it away."""
    if asked is None or not answer.status or addresses.offer_of(answer.url) == asked:
        return answer
    return msgspec.structs.replace(answer, url=f"{answer.url.partition('#')[0]}#{ASKED}{asked}")
