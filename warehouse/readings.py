"""What became of each page that was read: ``ops.page_readings``, the checkpoint of a load.

Belongs here: its row, and the counts that go into it. Does not: the load (``load``, ``reread``), nor which listings
were seen when (``sightings``).

The row is written in the load's own transaction, so that a killed load left nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import psycopg

from domain.page import PageReading, RawPage
from warehouse.copy_text import integer_array
from warehouse.pages import utc_day
from warehouse.poison import storable


class LoadResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a page did. records = new + changed + unchanged + quarantined + unpriced, exactly.

    Attributes:
        unchanged: known and without a change for now; a second record of one listing on the page counts here too.
        unpriced: shown without a price; known ones took their availability (see ``unpriced``).
        held: of changed and unchanged, those whose price cannot be meant and waits for review (see ``reviews``).
        listing_ids: our ids of all listings of the page, in page order, each once; unpriced ones that are known last.
        unpriced_ids: of these, the unpriced.
        new_ids, changed_ids: those that were inserted, and those whose business fields changed.
    """

    new: int
    changed: int
    unchanged: int
    quarantined: int
    unpriced: int = 0
    held: int = 0
    listing_ids: tuple[int, ...] = ()
    unpriced_ids: tuple[int, ...] = ()
    new_ids: tuple[int, ...] = ()
    changed_ids: tuple[int, ...] = ()

    @property
    def records(self) -> int:
        """How many records the page held."""
        return self.new + self.changed + self.unchanged + self.quarantined + self.unpriced


def reading_values(page_id: int, page: RawPage, parser_version: int) -> dict[str, Any]:
    """Return what identifies a reading of a page, to bind into statements: ``at`` and ``day`` are UTC."""
    return {
        "source": page.source,
        "page_id": page_id,
        "at": page.fetched_at,
        "day": utc_day(page.fetched_at),
        "version": parser_version,
    }


def keep_reading(
    conn: psycopg.Connection,
    values: Mapping[str, Any],
    reading: PageReading,
    result: LoadResult,
    thin_ids: Sequence[int],
) -> bool:
    """Write what a page's load did; say whether it now is what is kept of the page.

    A page read again by the same version leaves the row as it is, unless other records are in quarantine now, or it
    shows other listings. What it was counted to bring when it was read first stays: reading it again puts right what is
    told of its listings, which is no change of theirs. Only listings that it did not show then are counted besides.

    Args:
        conn: in the load's transaction.
        values: ``reading_values``, and ``reparse``: what was read before is to be replaced.
        reading: of the page.
        result: of its load.
        thin_ids: our ids of the listings whose total the page does not state, in page order.
    """
    written = conn.execute(
        """
        insert into ops.page_readings as r (page_id, fetched_at, source, day, parser_version, meaning, detail, records,
            new_items, changed_items, unchanged_items, quarantined, unpriced, listing_ids, thin_ids,
            unpriced_ids)
        values (%(page_id)s, %(at)s, %(source)s, %(day)s, %(version)s, %(meaning)s, %(detail)s, %(records)s, %(new)s,
            %(changed)s, %(unchanged)s, %(quarantined)s, %(unpriced)s, %(listing_ids)s::bigint[],
            %(thin_ids)s::bigint[], %(unpriced_ids)s::bigint[])
        on conflict (page_id) do update
        set parser_version = excluded.parser_version, meaning = excluded.meaning, detail = excluded.detail,
            records = excluded.records, quarantined = excluded.quarantined, unpriced = excluded.unpriced,
            (new_items, changed_items, unchanged_items) = (
                select told.new, told.changed, loaded - told.new - told.changed
                from (select excluded.records - excluded.quarantined - excluded.unpriced as loaded) as page
                cross join lateral (select least(r.new_items + excluded.new_items, loaded) as new) as first
                cross join lateral (
                    select
                        first.new,
                        least(
                            r.changed_items + cardinality(array(
                                select unnest(%(changed_ids)s::bigint[]) except select unnest(r.listing_ids)
                            )),
                            loaded - first.new
                        ) as changed
                ) as told
            ),
            listing_ids = excluded.listing_ids, thin_ids = excluded.thin_ids, unpriced_ids = excluded.unpriced_ids,
            read_at = now()
        where excluded.parser_version > r.parser_version
           or (excluded.parser_version = r.parser_version
               and (excluded.quarantined <> r.quarantined
                    or (%(reparse)s and (excluded.listing_ids, excluded.thin_ids, excluded.unpriced_ids)
                        is distinct from (r.listing_ids, r.thin_ids, r.unpriced_ids))))
        """,
        {
            **values,
            "meaning": str(reading.meaning),
            "detail": storable(reading.detail),
            "records": result.records,
            "new": result.new,
            "changed": result.changed,
            "unchanged": result.unchanged,
            "quarantined": result.quarantined,
            "unpriced": result.unpriced,
            "listing_ids": integer_array(result.listing_ids),
            "thin_ids": integer_array(thin_ids),
            "unpriced_ids": integer_array(result.unpriced_ids),
            "changed_ids": integer_array(result.changed_ids),
        },
    )
    return written.rowcount > 0
