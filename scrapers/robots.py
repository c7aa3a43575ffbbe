"""robots.txt, honoured for shops that nobody gave us an API for.

Belongs here: fetching, keeping and asking a host's rules (RFC 9309). Does not: what is fetched then.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from protego import Protego

from scrapers.http import PoliteClient, origin

_KEEP_SECONDS = 86400.0
_TRY_AGAIN_SECONDS = 900.0
# RFC 9309 2.5: at least 500 KiB are read; what comes after is not.
_MAX_BYTES = 512 * 1024
_LONGEST_DELAY_SECONDS = 60.0


class Robots:
    """The rules of the hosts asked, kept for a day."""

    def __init__(
        self, client: PoliteClient, user_agent: str, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        # Rules are matched on the product token: "Pricescope" of "Pricescope/0.1 (...)".
        self._agent = re.split(r"[/(]", user_agent, maxsplit=1)[0].strip() or "Pricescope"
        self._monotonic = monotonic
        self._kept: dict[str, tuple[float, Protego | None]] = {}

    async def refuse(self, url: str) -> str | None:
        """Return why robots.txt keeps us from an address, or None where we may fetch it.

        A host whose robots.txt is absent (4xx) allows everything; one that fails (5xx, no answer) is left alone for a
        quarter of an hour (RFC 9309 2.3.1.4).
        """
        rules = await self._rules(url)
        host = urlsplit(url).hostname
        if rules is None:
            return f"{host}: robots.txt could not be had; without it the shop is not asked"
        if not rules.can_fetch(url, self._agent):
            return f"{host}: robots.txt does not allow {self._agent} to fetch {urlsplit(url).path[:80]}"
        return None

    async def delay(self, url: str) -> float:
        """Return the seconds between requests that a host asks for, at most a minute; 0 where it asks for none."""
        rules = await self._rules(url)
        wanted = None if rules is None else rules.crawl_delay(self._agent)
        return min(float(wanted), _LONGEST_DELAY_SECONDS) if wanted else 0.0

    async def _rules(self, url: str) -> Protego | None:
        place = origin(url)
        kept = self._kept.get(place)
        if kept is not None and self._monotonic() < kept[0]:
            return kept[1]
        answer = await self._client.get(f"{place}/robots.txt", headers={"Accept": "text/plain"})
        rules: Protego | None
        if 400 <= answer.status < 500 and answer.status != 429:
            rules = Protego.parse("")
        elif answer.status == 200:
            rules = Protego.parse(answer.body[:_MAX_BYTES].decode("utf-8", "replace"))
        else:
            rules = None
        self._kept[place] = (self._monotonic() + (_TRY_AGAIN_SECONDS if rules is None else _KEEP_SECONDS), rules)
        return rules
