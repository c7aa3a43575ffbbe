"""What became of listings: when each ended, if it did, and until when it is known to have been there.

Belongs here: one SQL statement, which tells an end from the same signs as dbt's ``int_listing_outcomes__dated`` and
needs no mart to be built. Does not: what a fate says of a price (``pipeline.evaluate``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from warehouse.rows import read_rows


class Fate(msgspec.Struct, frozen=True):
    """Attributes: ended_at: sold or gone (UTC), None while it may still be there. last_seen_at: on any page (UTC)."""

    listing_id: int
    ended_at: datetime | None
    last_seen_at: datetime


def fates(conn: psycopg.Connection[Any], listing_ids: Sequence[int]) -> list[Fate]:
    """Return the fates of the listings that are stored, by id."""
    return read_rows(
        conn,
        Fate,
        """
        select
            s.listing_id,
            -- A page that says so was read when the listing was last seen; else complete runs missed it since.
            case
                when s.availability in ('sold', 'gone') then s.last_seen_at
                else (
                    select min(a.gone_at) from core.listing_absences as a
                    where a.listing_id = s.listing_id and a.gone_at > s.last_seen_at
                )
            end as ended_at,
            s.last_seen_at
        from core.listing_state as s
        where s.listing_id = any(%s)
        order by s.listing_id
        """,
        (list(listing_ids),),
    )
