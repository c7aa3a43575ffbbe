"""Etsy's client: a search page, then its listings again with images and shops in one batch call.

Both answers are stored; the batch is read as the fuller sight of the same listings. Where the search path fails while
the key is good, the same search is asked without its order (``sort_on`` works only beside a search option): the second
path.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, ClassVar

from domain.page import PageMeaning, PageReading, RawPage
from domain.settings import Settings
from scrapers.answers import base_url
from scrapers.base import BaseSource
from scrapers.contract import Clock, ParsedSearch, Query
from scrapers.etsy import search_url
from scrapers.etsy.reading import MAX_OFFSET, PARSER_VERSION, read_page
from scrapers.etsy.search_url import SOURCE_NAME, api_params
from scrapers.http import Answer

_LIMIT = 100
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

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        market_time: datetime | None = None,
        client_options: dict[str, Any] | None = None,
    ) -> None:
        """Make the source; see ``BaseSource``."""
        super().__init__(settings, clock=clock, market_time=market_time, client_options=client_options)
        self._api = base_url("https://openapi.etsy.com", settings.sandbox_url, SOURCE_NAME) + "/v3/application"
        given = settings.etsy_keystring and settings.etsy_shared_secret
        self.missing_configuration = None if given else _MISSING
        self.remaining_today: int | None = None

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
        found = re.fullmatch(
            r"(\d{5,15})|https?://(?:www\.)?etsy\.com/(?:[\w-]+/)?listing/(\d{5,15})(?:[/?].*)?", id_or_url
        )
        if found is None:
            raise ValueError(f"{id_or_url[:80]!r} is no Etsy listing: give https://www.etsy.com/listing/<number>")
        return found.group(1) or found.group(2), "com"

    def read_page(self, page: RawPage) -> PageReading:
        """Read one stored answer."""
        return read_page(page)

    async def fetch_search(self, query: Query) -> AsyncIterator[RawPage]:
        """Fetch a search, newest first, pages of 100, each followed by its batch.

        Ends at the last page, at a refusal, where no call is left today, or at Etsy's end of 12,000.
        """
        for number in range(1, query.max_pages + 1):
            offset = (number - 1) * _LIMIT
            if offset > MAX_OFFSET - _LIMIT or self.remaining_today == 0:
                return
            reading: PageReading | None = None
            async for page in self._search_pages(query, offset, number):
                reading = self.read(page)
                yield page
            if reading is None or reading.meaning is not PageMeaning.OK:
                return
            if reading.listings:
                ids = ",".join(one.external_id for one in reading.listings)
                answer = await self._get("/listings/batch", [("listing_ids", ids), ("includes", "Images,Shop")])
                yield self.page(answer, query, number)
            if len(reading.listings) + len(reading.rejected) < _LIMIT:
                return

    async def fetch_item(self, item_id: str, country: str) -> RawPage:
        """Fetch one listing, with images and shop."""
        del country
        params = [("listing_ids", item_id), ("includes", "Images,Shop")]
        return self.page(await self._get("/listings/batch", params))

    async def _search_pages(self, query: Query, offset: int, number: int) -> AsyncIterator[RawPage]:
        params = api_params(query.params, limit=_LIMIT, offset=offset)
        page = self.page(await self._get("/listings/active", params), query, number)
        yield page
        meaning = self.read(page).meaning
        if page.status in {400, 404, 500} and meaning in {PageMeaning.CHANGED, PageMeaning.GONE, PageMeaning.BLOCKED}:
            plain = [pair for pair in params if not pair[0].startswith("sort_")]
            yield self.page(await self._get("/listings/active", plain), query, number)

    async def _get(self, path: str, params: list[tuple[str, str]]) -> Answer:
        secret = self._settings.etsy_shared_secret
        key = f"{self._settings.etsy_keystring}:{secret.get_secret_value() if secret else ''}"
        answer = await self.client.get(
            f"{self._api}{path}",
            params=params,
            headers={"Accept": "application/json", "x-api-key": key, **self._market_headers},
        )
        left = answer.headers.get("x-remaining-today", "")
        self.remaining_today = int(left) if left.isdecimal() else self.remaining_today
        return answer


def create_etsy(settings: Settings, *, clock: Clock | None = None, market_time: datetime | None = None) -> EtsySource:
    """Return the Etsy source (the registry's factory)."""
    return EtsySource(settings, clock=clock, market_time=market_time)
