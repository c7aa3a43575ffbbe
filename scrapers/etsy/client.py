"""Etsy's client: a search page, then its listings again with images and shops in one batch call.

Belongs here: the order of calls. Does not: politeness (``scrapers.http``), what an answer holds (``reading``).

Both answers are stored, and each is read by itself: the batch is the fuller sight of the same listings, so that the
stored pages alone rebuild everything. Where the search fails while the key is good, the same search is asked without
its order (``sort_on`` works only beside a search option, and newest first is the default): the second path.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import ClassVar

from domain.page import PageMeaning, PageReading, RawPage
from domain.settings import Settings
from scrapers.answers import base_url
from scrapers.base import BaseSource
from scrapers.contract import Clock, ParsedSearch, Query
from scrapers.etsy import search_url
from scrapers.etsy.reading import PARSER_VERSION, read_page, said_at
from scrapers.etsy.requests import (
    ITEM_PARAMS,
    LIMIT,
    MAX_OFFSET,
    REACH,
    PriceRange,
    batch_params,
    halves,
    price_range_of,
    search_params,
)
from scrapers.etsy.search_url import SOURCE_NAME
from scrapers.http import Answer

logger = logging.getLogger(__name__)
_ITEM_URL = re.compile(r"([0-9]{5,15})|https?://(?:www\.)?etsy\.com/(?:[\w-]+/)?listing/([0-9]{5,15})(?:[/?#].*)?")
# Statuses at which the search may work without its order; the key is not in question at any of them.
_WITHOUT_ORDER = frozenset({400, 404, 500, 501})
_MISSING = (
    "PRICESCOPE_ETSY_KEYSTRING and PRICESCOPE_ETSY_SHARED_SECRET are not set: register an app at "
    "etsy.com/developers/register, wait for its approval, and copy both from Your Apps."
)


class EtsySource(BaseSource):
    """Etsy as the pipeline sees it (see ``scrapers.contract.ItemSource``).

    Attributes:
        remaining_today: calls that Etsy says are left of the day; None before it said.
    """

    name = SOURCE_NAME
    parser_version = PARSER_VERSION
    home: ClassVar[str] = "https://openapi.etsy.com/v3/application/listings/active"
    rate = 2.0

    def prepare(self, settings: Settings) -> None:
        """Set up what is this source's own (see ``BaseSource``)."""
        self._api = base_url("https://openapi.etsy.com", settings.sandbox_url, SOURCE_NAME) + "/v3/application"
        given = settings.etsy_keystring and settings.etsy_shared_secret
        self.missing_configuration = None if given else _MISSING
        self.remaining_today: int | None = None
        # False once a search worked without its order only.
        self._order_works = True

    # ------------------------------------------------------------ pure

    def parse_search_url(self, url: str) -> ParsedSearch:
        """Read a search address of etsy.com.

        Raises:
            SearchUrlError: naming what is not understood.
        """
        return search_url.parse_search_url(url)

    def parse_item_url(self, id_or_url: str, country: str) -> tuple[str, str]:
        """Return the id of a listing's address or number.

        Raises:
            ValueError: where it is none.
        """
        del country
        found = _ITEM_URL.fullmatch(id_or_url.strip())
        if found is None:
            raise ValueError(f"{id_or_url[:80]!r} is no Etsy listing: give https://www.etsy.com/listing/<number>")
        return found.group(1) or found.group(2), "com"

    def read_page(self, page: RawPage) -> PageReading:
        """Read one stored answer."""
        return read_page(page)

    def stated_time(self, body: bytes) -> datetime | None:
        """Return when a recording kept with its headers says it was made (UTC); None for a bare body."""
        return said_at(body)

    # ------------------------------------------------------------ fetching

    async def fetch_search(self, query: Query) -> AsyncIterator[RawPage]:
        """Fetch a search, newest first, pages of 100, each followed by its batch; ``max_pages`` counts search pages.

        Ends at the last page, at a refusal, where no call is left today, or at Etsy's end of a search (12,100
        listings); where a watch asks for more, the search is read in price ranges that are each smaller.
        """
        ranges: list[PriceRange] = [price_range_of(query.params)]
        number = 0
        while ranges:
            bounds = ranges.pop(0)
            for offset in range(0, MAX_OFFSET + 1, LIMIT):
                # A first page is asked even of a spent day: its refusal is what the owner sees.
                if number >= query.max_pages or (number and self.remaining_today == 0):
                    return
                number += 1
                reading = PageReading(meaning=PageMeaning.EMPTY)
                async for page, latest in self._page_and_batch(query, offset, bounds, number):
                    reading = latest
                    yield page
                if reading.meaning.is_refusal or reading.meaning is PageMeaning.GONE:
                    return
                parts = _parts(reading, bounds, query.max_pages - number) if offset == 0 else ()
                ranges = [*parts, *ranges]
                if parts or len(reading.listings) + len(reading.rejected) < LIMIT:
                    break

    async def fetch_item(self, item_id: str, country: str) -> RawPage:
        """Fetch one listing, with images and shop, in whatever state it is."""
        del country
        return self.page(await self._get(f"/listings/{item_id}", ITEM_PARAMS))

    async def _page_and_batch(
        self, query: Query, offset: int, bounds: PriceRange, number: int
    ) -> AsyncIterator[tuple[RawPage, PageReading]]:
        """Yield one page's answers, each with the reading that tells whether to go on."""
        reading = PageReading(meaning=PageMeaning.EMPTY)
        async for page in self._search(query, offset, bounds, number):
            reading = self.read(page)
            yield page, reading
        if reading.listings and self.remaining_today != 0:
            params = batch_params(one.external_id for one in reading.listings)
            page = self.page(await self._get("/listings/batch", params), query, number)
            fuller = self.read(page)
            yield page, fuller if fuller.meaning.is_refusal else reading

    async def _search(self, query: Query, offset: int, bounds: PriceRange, number: int) -> AsyncIterator[RawPage]:
        """Yield a search's answer; where the order made it fail, that of the second path too."""
        params = search_params(query.params, offset=offset, price_range=bounds, ordered=self._order_works)
        page = self.page(await self._get("/listings/active", params), query, number)
        yield page
        if not self._order_works or page.status not in _WITHOUT_ORDER or self._is_good(page):
            return
        params = search_params(query.params, offset=offset, price_range=bounds, ordered=False)
        page = self.page(await self._get("/listings/active", params), query, number)
        self._order_works = not self._is_good(page)
        yield page

    def _is_good(self, page: RawPage) -> bool:
        return self.read(page).meaning in {PageMeaning.OK, PageMeaning.EMPTY}

    async def _get(self, path: str, params: list[tuple[str, str]]) -> Answer:
        secret = self._settings.etsy_shared_secret
        key = f"{self._settings.etsy_keystring}:{secret.get_secret_value() if secret else ''}"
        answer = await self.client.get(
            f"{self._api}{path}",
            params=params,
            headers={"Accept": "application/json", "x-api-key": key, **self._market_headers},
        )
        left = answer.headers.get("x-remaining-today", "")
        self.remaining_today = int(left) if re.fullmatch(r"[0-9]{1,9}", left) else self.remaining_today
        return answer


def _parts(reading: PageReading, bounds: PriceRange, pages_left: int) -> tuple[PriceRange, ...]:
    """Return the ranges in which a search is read on; () where it goes on as it is."""
    total = reading.total_entries or 0
    if total <= REACH:
        return ()
    parts = halves(bounds) if pages_left * LIMIT > REACH else ()
    if not parts:
        logger.info("etsy: a search has %d listings, of which Etsy shows %d", total, REACH)
    return parts


def create_etsy(settings: Settings, *, clock: Clock | None = None, market_time: datetime | None = None) -> EtsySource:
    """Return the Etsy source (the registry's factory)."""
    return EtsySource(settings, clock=clock, market_time=market_time)
