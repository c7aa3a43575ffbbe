"""What every source offers. Small on purpose: see docs/adding-a-source.md.

Belongs here: the promises, and the values they are made of. Does not: what sources share (``base``), which there are
(``registry``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Protocol, runtime_checkable

import msgspec

from domain.page import PageReading, RawPage
from domain.settings import Settings


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A search to run.

    Attributes:
        country: the marketplace's country domain, e.g. ``fr``.
        params: canonical parameter names of the source (``search_text``, ``brand_ids`` ...).
        watch_id: carried into the pages fetched.
        max_pages: how many pages at most; a source may end sooner (last page, empty page, refusal).
    """

    country: str
    params: Mapping[str, str | list[str]]
    watch_id: int | None = None
    max_pages: int = 5


class ParsedSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A site's own search URL, read into parameters.

    Attributes:
        currency: the currency in which that country's site shows prices.
        canonical_url: the same search written again from ``params``; what is shown back to the user.
    """

    source: str
    country: str
    currency: str
    params: dict[str, str | list[str]]
    canonical_url: str


class SearchUrlError(ValueError):
    """A search URL that is not understood; the message names each unknown parameter and says what to do."""


@runtime_checkable
class Source(Protocol):
    """A marketplace.

    ``fetch_search`` yields every page as it came, refusals included, and never raises for what the site answered;
    the caller stores each page before ``read`` looks at it. ``read`` is pure and never raises, whatever the bytes.
    """

    name: str
    # What the user must set before the source can be asked, and how to get it; None where nothing is missing.
    missing_configuration: str | None
    # Rises when the parser reads more or better: stored pages read by a lower version are read again.
    parser_version: int

    def parse_search_url(self, url: str) -> ParsedSearch:
        """Read the site's own search URL.

        Raises:
            SearchUrlError: naming what is not understood.
        """
        ...

    def fetch_search(self, query: Query) -> AsyncIterator[RawPage]:
        """Fetch the pages of a search one by one, politely."""
        ...

    def read(self, page: RawPage) -> PageReading:
        """Tell a page's meaning and its listings. Pure; never raises."""
        ...

    def recorded_page(self, body: bytes, *, url: str | None = None, fetched_at: datetime) -> RawPage:
        """Return a recorded body (a file's bytes, gzip or not) as the page it once was; never raises."""
        ...

    def stated_time(self, body: bytes) -> datetime | None:
        """Return when a recorded body says it was made (UTC), None where it does not; never raises."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


class Clock(Protocol):
    """Tells the time, UTC. A replayed day gives that day's time."""

    def __call__(self) -> datetime:
        """Return the current time, timezone-aware, UTC."""
        ...


@runtime_checkable
class ItemSource(Source, Protocol):
    """A source that can be asked for one listing's page."""

    def parse_item_url(self, id_or_url: str, country: str) -> tuple[str, str]:
        """Return the id and the country that a listing's address names.

        Raises:
            ValueError: where it is no listing of this source.
        """
        ...

    async def fetch_item(self, item_id: str, country: str) -> RawPage:
        """Fetch one listing's page; never raises for what the site answered."""
        ...


class SourceFactory(Protocol):
    """Makes a source from the settings; ``market_time`` asks a sandbox for its state at that time (UTC)."""

    def __call__(
        self, settings: Settings, *, clock: Clock | None = None, market_time: datetime | None = None
    ) -> Source:
        """Return a ready source."""
        ...
