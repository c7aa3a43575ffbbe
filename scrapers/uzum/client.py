"""Uzum as a source: products by their ids.

Belongs here: what is asked, in which order, when to stop. Does not: reading (``reading``), the range scan (pipeline).

No credentials are needed. ``Origin`` and ``Referer`` are sent because one author was refused with 403 without them;
``Accept-Language: ru-RU`` picks the language of categories and characteristics.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import ClassVar

from domain.page import PageReading, RawPage
from domain.settings import Settings
from scrapers.base import BaseSource
from scrapers.contract import Clock, ParsedSearch, Query
from scrapers.recorded import gunzip
from scrapers.uzum.addresses import (
    COUNTRY,
    IDS_A_PAGE,
    SITE,
    SOURCE_NAME,
    parse_item_url,
    parse_search_url,
    product_address,
    service_base,
)
from scrapers.uzum.document import load, record
from scrapers.uzum.reading import PARSER_VERSION, read_page

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z?")


class UzumSource(BaseSource):
    """Uzum's product service."""

    name = SOURCE_NAME
    parser_version = PARSER_VERSION
    home = f"{SITE}/"
    rate: ClassVar[float] = 20.0
    concurrency: ClassVar[int] = 20

    def parse_search_url(self, url: str) -> ParsedSearch:
        """Read a product's address, a list of ids or a range of at most a hundred.

        Raises:
            SearchUrlError: saying what is not understood and what to write instead.
        """
        return parse_search_url(url, sandbox_url=self._settings.sandbox_url)

    async def fetch_search(self, query: Query) -> AsyncIterator[RawPage]:
        """Fetch the watch's products one after another, twenty a page; a refusal ends it."""
        wanted = query.params.get("product_ids", [])
        ids = [wanted] if isinstance(wanted, str) else list(wanted)
        for place, product_id in enumerate(ids[: query.max_pages * IDS_A_PAGE]):
            page = await self._fetch(product_id, query, place // IDS_A_PAGE + 1)
            yield page
            if self.read(page).meaning.is_refusal:
                return

    def parse_item_url(self, id_or_url: str, country: str) -> tuple[str, str]:
        """Return the product id; a listing's ``{product}-{sku}`` id names its product.

        Raises:
            ValueError: where it is no product of Uzum.
        """
        del country
        return parse_item_url(id_or_url), COUNTRY

    async def fetch_item(self, item_id: str, country: str) -> RawPage:
        """Fetch one product; never raises for what the service answered."""
        del country
        return await self._fetch(item_id)

    def read_page(self, page: RawPage) -> PageReading:
        """Read a stored answer or bundle."""
        return read_page(page)

    def stated_time(self, body: bytes) -> datetime | None:
        """Return the answer's ``timestamp``, which is naive UTC with nine fractional digits; None where it has none."""
        try:
            stamp = record(load(gunzip(body))).get("timestamp")
            found = _TIMESTAMP.fullmatch(stamp) if isinstance(stamp, str) else None
            if found is None:
                return None
            return datetime.fromisoformat(f"{found[1]}.{(found[2] or '0')[:6]:0<6}").replace(tzinfo=UTC)
        except (ValueError, RecursionError):
            return None

    async def _fetch(self, product_id: str, query: Query | None = None, number: int | None = None) -> RawPage:
        address = product_address(service_base(self._settings.sandbox_url), product_id)
        return self.page(await self.client.get(address, headers=self._headers()), query, number)

    def _headers(self) -> Mapping[str, str]:
        return {
            "Accept": "application/json",
            "Accept-Language": "ru-RU,ru;q=0.9,uz;q=0.8",
            "Origin": SITE,
            "Referer": f"{SITE}/",
            **self._market_headers,
        }


def create_uzum(settings: Settings, *, clock: Clock | None = None, market_time: datetime | None = None) -> UzumSource:
    """Return the source."""
    return UzumSource(settings, clock=clock, market_time=market_time)
