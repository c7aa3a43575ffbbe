"""What the clients of page sources share: their pace, and one page by its address.

Belongs here: asking for one address as a browser does. Does not: opening and closing (``base``), what a page means.
"""

from __future__ import annotations

from typing import ClassVar

from scrapers.base import BaseSource
from scrapers.http import Answer


class PageSource(BaseSource):
    """Base of a source that reads public pages without an account (see ``scrapers.contract.Source``).

    One request every five seconds and one at a time, unless the owner sets another rate: these sites put walls up
    against automated visitors, and a watch of a price needs a page an hour at most.
    """

    rate: ClassVar[float] = 0.2

    async def _answer(self, url: str) -> Answer:
        wanted = {"Accept": "text/html,application/xhtml+xml", **self._market_headers}
        return await self.client.get(url, headers=wanted)
