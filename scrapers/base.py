"""What every source's client does alike, so that a source says only what is its own.

Belongs here: settings, clock, the polite client, stored pages, a reading that never raises. Does not: any marketplace.
Vinted's client, which has a connection for each country, is its own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from domain.page import PageReading, RawPage
from domain.settings import Settings
from scrapers.answers import page_of_answer, sandbox_headers
from scrapers.closing import ClosedByWith
from scrapers.contract import Clock, Query
from scrapers.http import Answer, PoliteClient
from scrapers.meaning import never_raising
from scrapers.recorded import recorded


class BaseSource(ClosedByWith):
    """Base of a source; a subclass gives ``name``, ``parser_version``, ``home`` and the contract's other methods.

    Attributes:
        home: the site's address, that of a recorded page which says nothing of its own.
        rate: requests per second where the settings say nothing.
        concurrency: requests under way together where the settings say nothing.
    """

    name: str = ""
    parser_version: int = 1
    home: ClassVar[str] = ""
    rate: ClassVar[float] = 0.5
    concurrency: ClassVar[int] = 1
    missing_configuration: str | None = None

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        market_time: datetime | None = None,
        client_options: dict[str, Any] | None = None,
    ) -> None:
        """Make a source; nothing is fetched yet.

        Args:
            clock: tells when pages were fetched; ``market_time`` or the real time by default.
            market_time: the sandbox shows its market at this time (UTC).
            client_options: further arguments of ``PoliteClient``, for tests.

        Raises:
            ValueError: where ``market_time`` is asked of a real marketplace.
        """
        self._settings = settings
        self._clock: Clock = clock or (lambda: market_time or datetime.now(UTC))
        self._market_headers = sandbox_headers(market_time, settings.sandbox_url)
        self._client_options = client_options or {}
        self._opened: PoliteClient | None = None
        self._sent_before = 0
        self.prepare(settings)

    def prepare(self, settings: Settings) -> None:
        """Set up what is a source's own; called once, at the end of making it. Nothing is fetched here."""

    @property
    def client(self) -> PoliteClient:
        """The polite client, opened on first use at this source's own rate."""
        if self._opened is None:
            self._opened = PoliteClient(
                self._settings,
                requests_per_second=self._settings.rate_of(self.name, self.rate),
                concurrency=self._settings.concurrency_of(self.name, self.concurrency),
                **self._client_options,
            )
        return self._opened

    async def aclose(self) -> None:
        """Close connections."""
        if self._opened is not None:
            await self._opened.aclose()
            self._sent_before += self._opened.requests_sent
            self._opened = None

    @property
    def requests_sent(self) -> int:
        """How many requests the polite client sent so far, retries and redirects with them."""
        return self._sent_before + (0 if self._opened is None else self._opened.requests_sent)

    def read(self, page: RawPage) -> PageReading:
        """Tell a page's meaning and its listings. Pure; never raises, whatever the bytes."""
        return never_raising(self.read_page)(page)

    def read_page(self, page: RawPage) -> PageReading:
        """Read a page; may raise, which `read` turns into ``changed``."""
        raise NotImplementedError

    def recorded_page(self, body: bytes, *, url: str | None = None, fetched_at: datetime) -> RawPage:
        """Return a recorded body as the page it once was; never raises."""
        return recorded(self.name, body, url=url or self.home, fetched_at=fetched_at)

    def stated_time(self, body: bytes) -> datetime | None:
        """Return when a recorded body says it was made (UTC); None where it does not."""
        del body
        return None

    def page(self, answer: Answer, query: Query | None = None, number: int | None = None) -> RawPage:
        """Return an answer as the page that is stored."""
        return page_of_answer(self.name, answer, self._clock(), query, number)
