"""Batches of rows for checks that look at many rows at once."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql


def recent_items(conn: psycopg.Connection, columns: Sequence[str], *, days: int) -> list[tuple[object, ...]]:
    """Return columns of ``core.listings`` for the listings seen within ``days`` of the newest observation.

    Counted from the newest observation, not from now, so that an idle installation is checked by what it has.
    """
    names = sql.SQL(", ").join(sql.Identifier("l", name) for name in columns)
    query = sql.SQL(
        "select {} from core.listings as l join core.listing_state as s using (listing_id)"
        " where s.last_seen_at > (select max(last_seen_at) from core.listing_state) - make_interval(days => %s)"
    ).format(names)
    return conn.execute(query, [days]).fetchall()
