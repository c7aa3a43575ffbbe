"""The classifieds site's client: result pages, newest first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import ClassVar

from domain.page import PageMeaning, PageReading, RawPage
from domain.settings import Settings
from scrapers.answers import base_url
from scrapers.base import BaseSource
from scrapers.contract import Clock, ParsedSearch, Query
from scrapers.kleinanzeigen.reading import PARSER_VERSION, has_next, read_page
from scrapers.kleinanzeigen.search_url import SOURCE_NAME, parse_search_url, search_path


class KleinanzeigenSource(BaseSource):
    """The classifieds site as the pipeline sees it (see ``scrapers.contract.Source``)."""

    name = SOURCE_NAME
    parser_version = PARSER_VERSION
    home: ClassVar[str] = "https://www.kleinanzeigen.example/"
    rate = 0.2

    def parse_search_url(self, url: str) -> ParsedSearch:
        """Read a search address.

        Raises:
            SearchUrlError: naming what is not understood.
        """
        return parse_search_url(url)

    def read_page(self, page: RawPage) -> PageReading:
        """Read one stored page."""
        return read_page(page)

    async def fetch_search(self, query: Query) -> AsyncIterator[RawPage]:
        """Fetch result pages one by one; ends at the last, at an empty one or at a refusal."""
        base = base_url("https://www.kleinanzeigen.example", self._settings.sandbox_url, SOURCE_NAME)
        for number in range(1, query.max_pages + 1):
            answer = await self.client.get(
                f"{base}{search_path(query.params, number)}", headers={"Accept": "text/html", **self._market_headers}
            )
            page = self.page(answer, query, number)
            yield page
            if self.read(page).meaning is not PageMeaning.OK or not has_next(page.body):
                return


def create_kleinanzeigen(
    settings: Settings, *, clock: Clock | None = None, market_time: datetime | None = None
) -> KleinanzeigenSource:
    """Return the classifieds source (the registry's factory)."""
    return KleinanzeigenSource(settings, clock=clock, market_time=market_time)
