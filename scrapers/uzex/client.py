"""UZEX's client: the source that the pipeline polls.

Belongs here: paging, which lots' own answers are asked for, the one new session. Does not: politeness
(``scrapers.http``), addresses and bodies (``endpoints``), what an answer means or holds (``reading``).

No login and no credentials. The lists were open to anonymous clients in 2025-26; the front end sends a ``Validation``
header that is not forged here (see ``meaning``): where the service insists on it, the source is ``unauthorised``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import msgspec

from domain.lot import Lot
from domain.page import PageMeaning, PageReading, RawPage
from domain.settings import Settings
from scrapers.base import BaseSource
from scrapers.contract import Clock, ParsedSearch, Query
from scrapers.http import Answer
from scrapers.uzex import search_url
from scrapers.uzex.asked import stored_url
from scrapers.uzex.dictionaries import REGIONS_PATH
from scrapers.uzex.endpoints import (
    ENDPOINTS,
    ROWS,
    SOURCE_NAME,
    Endpoint,
    request_body,
    service_base,
    site_origin,
)
from scrapers.uzex.parse_rows import paging
from scrapers.uzex.reading import PARSER_VERSION, read_page
from scrapers.uzex.recorded import recorded_page
from scrapers.uzex.values import TASHKENT, loads

REQUESTS_PER_SECOND = 0.33
"""One request in three seconds, the pace of a public client that was not refused."""
# Texts follow the language asked for; one language keeps a lot's texts, and so its hash, the same from poll to poll.
_LANGUAGE = "ru"
_NEW_SESSION = frozenset({401, 403})


class UzexSource(BaseSource):
    """UZEX as the pipeline sees it (see ``scrapers.contract.Source``)."""

    name = SOURCE_NAME
    parser_version = PARSER_VERSION
    rate = REQUESTS_PER_SECOND

    # ------------------------------------------------------------ pure

    def parse_search_url(self, url: str) -> ParsedSearch:
        """Read the address of a list.

        Raises:
            SearchUrlError: naming what is not understood, and the addresses that are.
        """
        return search_url.parse_search_url(url, sandbox_url=self._settings.sandbox_url)

    def read_page(self, page: RawPage) -> PageReading:
        """Read one stored answer."""
        return read_page(page)

    def recorded_page(self, body: bytes, *, url: str | None = None, fetched_at: datetime) -> RawPage:
        """Return a recorded body as a page (see ``scrapers.uzex.recorded``)."""
        return recorded_page(body, url=url, fetched_at=fetched_at)

    # ------------------------------------------------------------ searching

    async def fetch_search(self, query: Query) -> AsyncIterator[RawPage]:
        """Fetch a list page by page, and after each page the lots on it whose prices only their own answer has.

        A page of fewer rows than asked is not the last: the end is an empty answer, ``ORA-01403``, or the row number
        behind ``total_count``. A lot met twice, since the newest come first and push the others on, is asked for once.
        Ends at a refusal; at a 401 or 403 a fresh session (no cookies) is tried once.

        Raises:
            KeyError: where ``lot_type`` and ``status`` name no list (`parse_search_url` lets none through).
        """
        lot_type, status = str(query.params["lot_type"]), str(query.params["status"])
        endpoint = ENDPOINTS[lot_type, status]
        first, seen, renewals = 1, set[str](), 1
        for number in range(1, _pages(query) + 1):
            page = await self._list_page(endpoint, query, first, number)
            yield page
            if page.status in _NEW_SESSION and renewals:
                renewals -= 1
                self.client.clear_cookies()
                page = await self._list_page(endpoint, query, first, number)
                yield page
            reading = self.read(page)
            if reading.meaning is not PageMeaning.OK:
                return
            for lot in reading.lots if endpoint.detail else ():
                if lot.external_id in seen:
                    continue
                seen.add(lot.external_id)
                detail = await self._lot_page(endpoint, query, lot)
                yield detail
                if self.read(detail).meaning.is_refusal:
                    return
            last, total = paging(_rows(page))
            first = max(first, last or first + ROWS[lot_type] - 1) + 1
            if total is not None and first > total:
                return

    async def _list_page(self, endpoint: Endpoint, query: Query, first: int, number: int) -> RawPage:
        lot_type, status = str(query.params["lot_type"]), str(query.params["status"])
        body = request_body(
            lot_type, status, query.params, first=first, last=first + ROWS[lot_type] - 1, at=self._clock()
        )
        answer = await self.client.post(
            f"{service_base(endpoint.service, self._settings.sandbox_url)}{endpoint.path}",
            json=body,
            headers=self._headers(lot_type),
        )
        url = stored_url(answer.url, lot_type=lot_type, status=status, body=body, search_text=_search_text(query))
        return self._page(answer, url, query, number)

    async def _lot_page(self, endpoint: Endpoint, query: Query, lot: Lot) -> RawPage:
        answer = await self.client.get(
            f"{service_base(endpoint.service, self._settings.sandbox_url)}"
            f"{endpoint.detail.format(lot=lot.external_id)}",
            headers=self._headers(lot.lot_type),
        )
        context = {
            "category": lot.category,
            "region": lot.region,
            "currency": lot.currency,
            "start": _written(lot.starts_at),
            "end": _written(lot.ends_at),
            "deal": _written(lot.deal_at),
            "provider": lot.provider_id,
        }
        url = stored_url(
            answer.url,
            lot_type=lot.lot_type,
            status=lot.status,
            search_text=_search_text(query),
            context={name: value for name, value in context.items() if value},
        )
        return self._page(answer, url, query, None)

    async def fetch_regions(self) -> RawPage:
        """Fetch the regions, whose ids ``region_ids`` takes; read them with ``dictionaries.read_dictionary``."""
        address = f"{service_base('trade', self._settings.sandbox_url)}{REGIONS_PATH}"
        answer = await self.client.get(address, headers=self._headers("auction"))
        return self._page(answer, answer.url, None, None)

    # ------------------------------------------------------------ both

    def _headers(self, lot_type: str) -> dict[str, str]:
        site = site_origin(lot_type)
        return {
            "Accept": "application/json",
            "Language": _LANGUAGE,
            "Origin": site,
            "Referer": f"{site}/",
            **self._market_headers,
        }

    def _page(self, answer: Answer, url: str, query: Query | None, number: int | None) -> RawPage:
        return msgspec.structs.replace(self.page(answer, query, number), url=url)


def create_uzex(settings: Settings, *, clock: Clock | None = None, market_time: datetime | None = None) -> UzexSource:
    """Return the UZEX source (the registry's factory)."""
    return UzexSource(settings, clock=clock, market_time=market_time)


def _pages(query: Query) -> int:
    wanted = query.params.get("max_pages")
    return min(query.max_pages, int(wanted)) if isinstance(wanted, str) and wanted.isdecimal() else query.max_pages


def _search_text(query: Query) -> str | None:
    words = query.params.get("search_text")
    return words if isinstance(words, str) and words else None


def _rows(page: RawPage) -> list[object]:
    document = loads(page.body)
    return document if isinstance(document, list) else []


def _written(moment: datetime | None) -> str | None:
    """Write a time as the service does: Tashkent's, without zone."""
    return None if moment is None else moment.astimezone(TASHKENT).replace(tzinfo=None).isoformat()
