"""Which pages of a day showed which listings: where in time an observation stands among the others of its listing.

Belongs here: asking ``ops.page_readings``, and remembering it while a transaction reads many pages of a day. Does not:
what a row of the history is (``history``).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Collection, Iterable
from datetime import datetime

import psycopg

from warehouse.copy_text import integer_array
from warehouse.pages import utc_day
from warehouse.planner import plan_as_usual, plan_by_index

Sight = tuple[datetime, int]
"""When a page was fetched (UTC), and its page_id."""


class Sightings:
    """The sights of some listings on one UTC day, from an instant on; asked for when first needed, many at once.

    Holds good within one transaction that has the source's turn, as long as it is told of every page read (``put``).
    """

    def __init__(self, source: str, since: datetime, likely: Collection[int] = ()) -> None:
        """Remember nothing yet.

        Args:
            source: of the pages.
            since: earlier sights of its UTC day are not looked at.
            likely: listings to ask for along with the first.
        """
        self._source = source
        self._since = since
        self._likely = set(likely)
        self._sights: dict[int, list[Sight]] = {}
        self._shown: dict[int, set[int]] = {}

    def covers(self, at: datetime) -> bool:
        """Say whether what follows this instant on its UTC day is known here."""
        return at >= self._since and utc_day(at) == utc_day(self._since)

    def ask(self, conn: psycopg.Connection, listing_ids: Iterable[int]) -> None:
        """Have the sights of these listings at hand; within a load, whose plans are by index."""
        missing = {one for one in listing_ids if one not in self._sights}
        if not missing:
            return
        missing |= self._likely
        self._likely = set()
        found: dict[int, list[Sight]] = {one: [] for one in missing}
        # A day's pages against many listings, where a hash is the right way.
        plan_as_usual(conn)
        rows = conn.execute(
            _SIGHTS,
            {
                "source": self._source,
                "day": utc_day(self._since),
                "since": self._since,
                "ids": integer_array(missing),
            },
        ).fetchall()
        plan_by_index(conn)
        for listing_id, fetched_at, page_id in rows:
            found[listing_id].append((fetched_at, page_id))
            self._shown.setdefault(page_id, set()).add(listing_id)
        for sights in found.values():
            sights.sort()
        self._sights.update(found)

    def after(self, listing_id: int, at: datetime) -> datetime | None:
        """Return when the listing was seen next on that day; ``ask`` comes first."""
        sights = self._sights[listing_id]
        place = bisect_right(sights, at, key=lambda sight: sight[0])
        return sights[place][0] if place < len(sights) else None

    def is_overruled(self, listing_id: int, at: datetime, page_id: int) -> bool:
        """Say whether a page stored later shows the listing at that very instant: the newer has its say."""
        sights = self._sights[listing_id]
        place = bisect_right(sights, (at, page_id))
        return place < len(sights) and sights[place][0] == at

    def put(self, page_id: int, at: datetime, listing_ids: Iterable[int]) -> None:
        """Take note that the page has been read and shows these listings, whatever it showed before."""
        if not self._sights or not self.covers(at):
            return
        sight = (at, page_id)
        before = self._shown.get(page_id, set())
        now = {one for one in listing_ids if one in self._sights}
        for listing_id in before - now:
            self._sights[listing_id].remove(sight)
        for listing_id in now - before:
            insort(self._sights[listing_id], sight)
        self._shown[page_id] = now


_SIGHTS = """
select listing_id, r.fetched_at, r.page_id
from ops.page_readings r, unnest(r.listing_ids) as listing_id
where r.source = %(source)s and r.day = %(day)s and r.fetched_at >= %(since)s
  and listing_id in (select unnest(%(ids)s::bigint[]))
"""
