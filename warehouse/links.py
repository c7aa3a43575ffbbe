"""Which watch holds which listing, where no search page of that watch says so.

Belongs here: links made by content (imports), and questions over links. Does not: the links of a fetched page, which
``warehouse.load`` makes in the page's own transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import psycopg

from domain.exclusion import exclusions_of, facts_of
from domain.listing import Listing
from domain.watch import Watch
from warehouse.rows import columns, read_rows


def link_listings(conn: psycopg.Connection, watch: Watch, listings: Sequence[Listing], *, seen_at: datetime) -> int:
    """Link stored listings to a watch that they satisfy; return how many links are new.

    They are not the watch's first run: what an import brings is alerted like any later find.
    """
    exclusions = exclusions_of(watch)
    flags = [exclusions.reason(facts_of(listing)) is not None for listing in listings]
    return conn.execute(
        """
        insert into app.watch_listings (watch_id, listing_id, first_seen_at, last_seen_at, is_blacklisted, is_initial)
        select %(watch_id)s, l.listing_id, %(at)s, %(at)s, bool_or(found.is_blacklisted), false
        from unnest(%(ids)s::text[], %(flags)s::boolean[]) as found (external_id, is_blacklisted)
        join core.listings as l on l.source = %(source)s and l.external_id = found.external_id
        group by l.listing_id
        on conflict (watch_id, listing_id) do nothing
        """,
        {
            "watch_id": watch.watch_id,
            "source": watch.source,
            "at": seen_at,
            "ids": [listing.external_id for listing in listings],
            "flags": flags,
        },
    ).rowcount


def watches_of_listing(conn: psycopg.Connection, listing_id: int) -> list[Watch]:
    """Return the watches that hold a listing, the oldest first."""
    return read_rows(
        conn,
        Watch,
        f"select {columns(Watch, 'w.')} from app.watches w join app.watch_listings using (watch_id)"
        " where listing_id = %s order by w.watch_id",
        (listing_id,),
    )


def count_listings(conn: psycopg.Connection, watch_id: int) -> int:
    """Return how many listings a watch holds, blacklisted ones included."""
    row = conn.execute("select count(*) from app.watch_listings where watch_id = %s", [watch_id]).fetchone()
    return int(row[0]) if row else 0


def was_read(conn: psycopg.Connection, watch_id: int) -> bool:
    """Say whether a page fetched, or imported, for this very watch was ever read: its first run is over then."""
    row = conn.execute(
        "select exists (select from raw.pages join ops.page_readings using (page_id) where watch_id = %s)", [watch_id]
    ).fetchone()
    return bool(row and row[0])
