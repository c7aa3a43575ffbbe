"""What the clients of page sources share: a polite client, a clock, the sandbox's time, one page by its address.

Belongs here: fetching one address into a ``RawPage``, opening and closing. Does not: what a page means.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from domain.page import RawPage
from domain.settings import Settings
from scrapers.answers import page_of_answer, sandbox_headers
from scrapers.contract import Clock, Query
from scrapers.http import Answer, PoliteClient


class PageSource:
    """Base of a source that reads public pages without an account (see ``scrapers.contract.Source``).

    One request every five seconds and one at a time, unless the owner sets another rate: these sites put walls up
    against automated visitors, and a watch of a price needs a page an hour at most.
    """

    missing_configuration: str | None = None

    def __init__(
        self,
        settings: Settings,
        *,
        name: str,
        default_rate: float = 0.2,
        clock: Clock | None = None,
        market_time: datetime | None = None,
        client_options: dict[str, Any] | None = None,
    ) -> None:
        """Make a source; nothing is fetched yet.

        Args:
            name: the source's slug.
            default_rate: requests per second where ``PRICESCOPE_SOURCE_RATES`` says nothing.
            clock: tells when pages were fetched; ``market_time`` or the real time by default.
            market_time: the sandbox shows its market at this time (UTC).
            client_options: further arguments of ``PoliteClient``, for tests.

        Raises:
            ValueError: where ``market_time`` is asked of a real site.
        """
        self.name = name
        self._settings = settings
        self._clock: Clock = clock or (lambda: market_time or datetime.now(UTC))
        self._market_headers = sandbox_headers(market_time, settings.sandbox_url)
        self._client = PoliteClient(
            settings,
            requests_per_second=settings.rate_of(name, default_rate),
            concurrency=settings.concurrency_of(name),
            **(client_options or {}),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def _answer(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        wanted = {"Accept": "text/html,application/xhtml+xml", **(headers or {}), **self._market_headers}
        return await self._client.get(url, headers=wanted)

    def _page(self, answer: Answer, query: Query | None = None, number: int | None = None) -> RawPage:
        return page_of_answer(self.name, answer, self._clock(), query, number)
