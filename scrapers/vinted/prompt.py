"""Vinted alone, from a Python prompt: search, item, user, with asyncio or without.

Belongs here: convenience for people. Does not: fetching (``client``), parsing (``reading``).

    >>> from scrapers.vinted import Vinted
    >>> with Vinted() as vinted:
    ...     found = vinted.search("levis 501", country="fr", price_to=30)
    ...     for listing in found.listings:
    ...         print(listing.total_price, listing.currency, listing.title, listing.url)
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from domain.listing import Listing
from domain.page import PageMeaning, PageReading, RejectedRecord
from domain.settings import Settings, load_settings
from scrapers.closing import ClosedByWith
from scrapers.contract import ParsedSearch, Query
from scrapers.vinted import search_url
from scrapers.vinted.client import VintedSource
from scrapers.vinted.domains import DEFAULT_COUNTRY, SOURCE_NAME, site, www_base
from scrapers.vinted.item_url import parse_item_url

_T = TypeVar("_T")


class VintedRefusedError(Exception):
    """Vinted refused or could not be understood.

    Attributes:
        meaning: why (``blocked``, ``throttled`` ...).
    """

    def __init__(self, meaning: PageMeaning, detail: str) -> None:
        super().__init__(f"{meaning}: {detail}")
        self.meaning = meaning


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found.

    Attributes:
        search: the search as it was understood.
        listings: in the site's order, each id once.
        rejected: records that could not be read, each with its reason.
        total_entries: of the whole search, as the site says (capped at 960), if it does.
        pages: how many pages were read.
    """

    search: ParsedSearch
    listings: tuple[Listing, ...]
    rejected: tuple[RejectedRecord, ...]
    total_entries: int | None
    pages: int


class VintedUser(msgspec.Struct, frozen=True, kw_only=True):
    """A member's public profile, the parts that tell a good seller; nothing else is kept.

    Attributes:
        feedback_reputation: 0 to 1.
    """

    external_id: str
    login: str | None = None
    country_code: str | None = None
    feedback_count: int | None = None
    feedback_reputation: Decimal | None = None
    item_count: int | None = None
    is_business: bool | None = None


class AsyncVinted(ClosedByWith):
    """Vinted from asyncio: search, item, user. Use it as ``async with AsyncVinted() as vinted:``."""

    def __init__(self, settings: Settings | None = None, *, market_time: datetime | None = None) -> None:
        self._settings = settings or load_settings()
        self._source = VintedSource(self._settings, market_time=market_time)

    async def aclose(self) -> None:
        """Close connections."""
        await self._source.aclose()

    async def search(
        self, url_or_text: str = "", *, country: str = DEFAULT_COUNTRY, pages: int = 1, **params: object
    ) -> SearchResult:
        """Search.

        Args:
            url_or_text: the address of a search on Vinted, or the words to look for.
            country: the site to search, e.g. ``fr``, ``co.uk``; an address has its own.
            pages: how many pages of 96 to read, at most ten.
            params: further filters by their canonical names: ``brand_ids=[53]``, ``price_to=30``.

        Raises:
            SearchUrlError: where the address or a filter is not understood.
            UnknownCountryError: for a country without a Vinted site.
            VintedRefusedError: where no page could be read.
        """
        search = self._understood(url_or_text, country, params)
        listings: dict[str, Listing] = {}
        rejected: list[RejectedRecord] = []
        total = None
        good = 0
        last = PageReading(meaning=PageMeaning.CHANGED, detail="nothing was fetched")
        async for page in self._source.fetch_search(
            Query(country=search.country, params=search.params, max_pages=pages)
        ):
            last = self._source.read(page)
            if last.meaning in {PageMeaning.OK, PageMeaning.EMPTY}:
                good += 1
                total = last.total_entries if last.total_entries is not None else total
                rejected += last.rejected
                for listing in last.listings:
                    listings.setdefault(listing.external_id, listing)
        if not good:
            raise VintedRefusedError(last.meaning, last.detail)
        return SearchResult(
            search=search, listings=tuple(listings.values()), rejected=tuple(rejected), total_entries=total, pages=good
        )

    async def item(self, id_or_url: str | int, *, country: str = DEFAULT_COUNTRY) -> Listing | None:
        """Return one listing with its description; None where it is sold or removed.

        Raises:
            ValueError: where this is neither an id nor a listing's address.
            VintedRefusedError: where the page could not be had or read.
        """
        item_id, where = parse_item_url(str(id_or_url), country)
        reading = self._source.read(await self._source.fetch_item(item_id, where))
        if reading.meaning is PageMeaning.GONE:
            return None
        if reading.meaning is not PageMeaning.OK or not reading.listings:
            reason = reading.detail or "; ".join(record.reason for record in reading.rejected)
            raise VintedRefusedError(reading.meaning, reason)
        return reading.listings[0]

    async def user(self, user_id: str | int, *, country: str = DEFAULT_COUNTRY) -> VintedUser | None:
        """Return a member's public profile; None where there is no such member.

        Raises:
            VintedRefusedError: where the profile could not be had or read.
        """
        text = str(user_id).strip()
        if not re.fullmatch(r"[0-9]{1,20}", text):
            raise ValueError(f"not a member's id: {text[:40]!r}")
        page = await self._source.fetch_user(text, country)
        user = _read_user(page.body) if page.status == 200 else None
        if user is not None:
            return user
        reading = self._source.read(page)
        if reading.meaning is PageMeaning.GONE:
            return None
        raise VintedRefusedError(reading.meaning, reading.detail)

    def _understood(self, url_or_text: str, country: str, params: dict[str, object]) -> ParsedSearch:
        text = url_or_text.strip()
        extra = search_url.params_as_pairs(params)
        if "://" in text or text.startswith(("www.vinted.", "vinted.")):
            parsed = self._source.parse_search_url(text)
            pairs = [*search_url.params_as_pairs(dict(parsed.params)), *extra]
        else:
            chosen = site(country)
            pairs = [("search_text", text), *extra]
            parsed = ParsedSearch(
                source=SOURCE_NAME, country=chosen.country, currency=chosen.currency, params={}, canonical_url=""
            )
        checked = search_url.canonical_params(pairs, site(parsed.country))
        base = www_base(parsed.country, self._settings.sandbox_url)
        return msgspec.structs.replace(
            parsed, params=checked, canonical_url=search_url.write_search_url(checked, base=base)
        )


class _UserJson(msgspec.Struct):
    id: int | str
    login: str | None = None
    country_code: str | None = None
    country_iso_code: str | None = None
    feedback_count: int | None = None
    feedback_reputation: Decimal | None = None
    item_count: int | None = None
    business: bool | None = None


class _UserEnvelope(msgspec.Struct):
    user: _UserJson


def _read_user(body: bytes) -> VintedUser | None:
    try:
        user = msgspec.json.decode(body, type=_UserEnvelope).user
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return VintedUser(
        external_id=str(user.id),
        login=user.login,
        country_code=user.country_code or user.country_iso_code,
        feedback_count=user.feedback_count,
        feedback_reputation=user.feedback_reputation,
        item_count=user.item_count,
        is_business=user.business,
    )


class Vinted:
    """Vinted without asyncio: the same methods as ``AsyncVinted``, each waiting for its result.

    Works in notebooks, too: its event loop runs in a thread of its own.
    """

    def __init__(self, settings: Settings | None = None, *, market_time: datetime | None = None) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vinted")
        self._runner = asyncio.Runner()
        self._async = AsyncVinted(settings, market_time=market_time)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close connections and the thread."""
        self._run(self._async.aclose())
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    def search(
        self, url_or_text: str = "", *, country: str = DEFAULT_COUNTRY, pages: int = 1, **params: object
    ) -> SearchResult:
        """Search; see ``AsyncVinted.search``."""
        return self._run(self._async.search(url_or_text, country=country, pages=pages, **params))

    def item(self, id_or_url: str | int, *, country: str = DEFAULT_COUNTRY) -> Listing | None:
        """Return one listing with its description; see ``AsyncVinted.item``."""
        return self._run(self._async.item(id_or_url, country=country))

    def user(self, user_id: str | int, *, country: str = DEFAULT_COUNTRY) -> VintedUser | None:
        """Return a member's public profile; see ``AsyncVinted.user``."""
        return self._run(self._async.user(user_id, country=country))

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return self._thread.submit(self._runner.run, work).result()
