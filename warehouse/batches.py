"""Batches of rows for checks that look at many rows at once."""

from __future__ import annotations

import psycopg

_ITEM_COLUMNS = (
    "source", "external_id", "url", "title", "price", "currency", "total_price", "fee", "condition", "brand", "size",
    "first_seen_at", "last_seen_at",
)  # fmt: skip


def recent_items(conn: psycopg.Connection, *, days: int) -> tuple[list[str], list[tuple[object, ...]]]:
    """Return column names and rows of the listings seen within ``days`` of the newest observation.

    Counted from the newest observation, not from now, so that an idle installation is checked by what it has.
    Titles and addresses are included, sellers are not.
    """
    rows = conn.execute(
        """
        select
          l.source, l.external_id, l.url, l.title, l.price, l.currency, l.total_price, l.fee, l.condition, l.brand,
          l.size, l.first_seen_at, s.last_seen_at
        from core.listings as l
        join core.listing_state as s using (listing_id)
        where s.last_seen_at > (select max(last_seen_at) from core.listing_state) - make_interval(days => %s)
        """,
        [days],
    ).fetchall()
    return list(_ITEM_COLUMNS), rows
