"""Empik's client: the source that the pipeline polls.

Belongs here: which address a query asks for, and when a browser is needed. Does not: politeness (``scrapers.http``),
the browser (``scrapers.browser``), what a page means (``reading``).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import datetime

from domain.listing import Availability
from domain.page import PageMeaning, PageReading, RawPage
from domain.price_kind import PriceKind
from domain.settings import Settings
from scrapers.browser import BrowserError, fetch_rendered, find_chromium
from scrapers.contract import Clock, ParsedSearch, Query
from scrapers.empik import addresses
from scrapers.empik.addresses import REAL_BASE, SOURCE_NAME
from scrapers.empik.product_page import FILLED_PRICE
from scrapers.empik.reading import PARSER_VERSION, read_page
from scrapers.empik.recorded import recorded_page
from scrapers.page_source import PageSource

logger = logging.getLogger(__name__)


class EmpikSource(PageSource):
    """Empik as the pipeline sees it (see ``scrapers.contract.Source``)."""

    name = SOURCE_NAME
    parser_version = PARSER_VERSION

    def parse_search_url(self, url: str) -> ParsedSearch:
        """Read a product's or a search's address.

        Raises:
            SearchUrlError: naming what is not understood.
        """
        return addresses.parse_search_url(url, sandbox_url=self._settings.sandbox_url)

    def read_page(self, page: RawPage) -> PageReading:
        """Read one stored page."""
        return read_page(page)

    def recorded_page(self, body: bytes, *, url: str | None = None, fetched_at: datetime) -> RawPage:
        """Return a recorded body as a page (see ``scrapers.empik.recorded``)."""
        return recorded_page(body, url=url, fetched_at=fetched_at)

    async def fetch_search(self, query: Query) -> AsyncIterator[RawPage]:
        """Fetch the product's page, and once more with a browser where it came without its price."""
        url = addresses.write_address(query.params, sandbox_url=self._settings.sandbox_url)
        number = None if "url" in query.params else 1
        page = self.page(await self._answer(url), query, number)
        yield page
        if number is None and _price_is_missing(self.read(page)):
            rendered = await self._rendered(url, query)
            if rendered is not None:
                yield rendered

    def parse_item_url(self, id_or_url: str, country: str) -> tuple[str, str]:
        """Return a product's path and the country that its address names; its number alone is no address.

        Raises:
            ValueError: where it is no product of Empik's.
        """
        del country
        url = self.parse_search_url(id_or_url).params.get("url")
        if not isinstance(url, str):
            raise ValueError(f"not a product's address: {id_or_url[:80]!r}")  # noqa: TRY004 - the text is at fault
        return url, addresses.COUNTRY

    async def fetch_item(self, item_id: str, country: str) -> RawPage:
        """Fetch one product's page, with a browser where the price is missing without; never raises."""
        params, _ = self.parse_item_url(item_id, country)
        query = Query(country=addresses.COUNTRY, params={"url": params or REAL_BASE})
        pages = [page async for page in self.fetch_search(query)]
        return pages[-1]

    async def _rendered(self, url: str, query: Query) -> RawPage | None:
        """Return the page as a browser shows it; None where there is no browser, or it failed."""
        path = find_chromium(self._settings)
        if path is None or not path.exists():
            return None
        try:
            shown = await fetch_rendered(
                url,
                settings=self._settings,
                wait_for=FILLED_PRICE,
                headers=self._market_headers,
                timeout_seconds=2 * self._settings.request_timeout_seconds,
            )
        except BrowserError as error:
            # The page without its price stands; the owner sees why there is none.
            logger.warning("empik: no page by browser: %s", error)
            return None
        return self.page(shown, query)


def create_empik(settings: Settings, *, clock: Clock | None = None, market_time: datetime | None = None) -> EmpikSource:
    """Return the Empik source (the registry's factory)."""
    return EmpikSource(settings, clock=clock, market_time=market_time)


def _price_is_missing(reading: PageReading) -> bool:
    """Tell whether a product's page came without a price that its scripts may bring."""
    if reading.meaning is not PageMeaning.OK or len(reading.unpriced) != 1:
        return False
    (offer,) = reading.unpriced
    return offer.price_kind is PriceKind.NONE and offer.availability is not Availability.OUT_OF_STOCK
