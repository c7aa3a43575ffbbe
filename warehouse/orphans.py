"""Listings that nothing holds: neither a watch nor a product found them, or whoever did is gone.

Belongs here: telling of them, deleting them when asked. Does not: what is past its time (``warehouse.retention``).

Imports and range scans keep listings that no watch holds, on purpose: nothing here runs by itself.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
import psycopg

from warehouse.locks import take_loading_turn
from warehouse.rows import read_rows
from warehouse.watches import delete_listings

_BATCH = 5_000
# The positions of lots are listings of their own; lots are kept whole.
_ORPHANS = """
from core.listings l join core.listing_state s using (listing_id)
where not exists (select from app.watch_listings w where w.listing_id = l.listing_id)
  and not exists (select from core.product_sources p where p.listing_id = l.listing_id and p.state = 'approved')
  and l.price_kind <> 'procurement'
"""


class Orphans(msgspec.Struct, frozen=True, kw_only=True):
    """A source's listings that no watch and no product holds; when the first and last of them were seen last, UTC."""

    source: str
    listings: int
    first_seen_last: datetime
    last_seen_last: datetime


def orphans(conn: psycopg.Connection) -> list[Orphans]:
    """Return how many listings of each source nothing holds, the most first."""
    return read_rows(
        conn,
        Orphans,
        "select l.source, count(*) as listings, min(s.last_seen_at) as first_seen_last,"
        f" max(s.last_seen_at) as last_seen_last {_ORPHANS} group by l.source order by count(*) desc, l.source",
    )


def delete_orphans(conn: psycopg.Connection, source: str) -> int:
    """Delete a source's listings that nothing holds, with their history; return how many.

    Args:
        conn: a connection, not in a transaction: each batch commits by itself, and loads of the source wait for one.
        source: slug of the marketplace.
    """
    deleted = 0
    while True:
        with conn.transaction():
            take_loading_turn(conn, source)
            found = conn.execute(
                f"select l.listing_id {_ORPHANS} and l.source = %s order by l.listing_id limit %s".encode(),
                (source, _BATCH),
            ).fetchall()
            if not found:
                return deleted
            deleted += delete_listings(conn, [listing_id for (listing_id,) in found])
