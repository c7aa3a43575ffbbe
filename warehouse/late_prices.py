"""What a late page tells of the price that is shown now: where newer pages leave the total, or the price, unsaid.

Belongs here: showing it. Does not: which listings it holds for, which is the corrected history's to tell (``unsaid``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import psycopg

from domain.listing import Listing
from warehouse.completion import priced, with_price, with_total
from warehouse.known import known_listings
from warehouse.unsaid import Present


def show_present(conn: psycopg.Connection, present: Mapping[int, Present], seen: Mapping[int, Listing]) -> None:
    """Show the prices and totals that a late page told of listings, by our ids.

    Args:
        conn: in the load's transaction.
        present: of ``history.correct_history``.
        seen: as the page shows them; without one of those whose price was told, its page shows none either.
    """
    for listing_id, known in known_listings(conn, list(present)).items():
        value = present[listing_id]
        if value.is_price_told:
            told = with_price(known, value.priced, seen.get(listing_id))
        else:
            told = with_total(known, value.priced)
        if (told.listing, told.carried) == (known.listing, known.carried):
            continue
        listing = told.listing
        conn.execute(
            "update core.listing_details set carried = %s where listing_id = %s and carried <> %s",
            (list(told.carried), listing_id, list(told.carried)),
        )
        shown = priced(listing)
        conn.execute(
            """
            update core.listing_state
            set price = %s, fee = %s, total_price = %s, original_price = %s, original_currency = %s, list_price = %s,
                price_minor = %s, total_minor = %s, currency = %s, content_hash = %s, has_carried = %s
            where listing_id = %s
            """,
            (
                listing.price,
                listing.fee,
                listing.total_price,
                listing.original_price,
                listing.original_currency,
                listing.list_price,
                *msgspec.structs.astuple(shown),
                listing.content_hash(),
                bool(told.carried),
                listing_id,
            ),
        )


def count_late(conn: psycopg.Connection, values: Mapping[str, Any]) -> None:
    """Count the sights of the staged rows that are late, and tell the time of the last price change by the history.

    Args:
        conn: in the load's transaction, the history corrected and the present prices shown.
        values: the load's.
    """
    conn.execute(_LATE_STATE, values)


# For what a late or re-read page touched, the time of the last price change is told by the corrected history.
_LATE_STATE = """
update core.listing_state s
set checks = s.checks + (k.is_late and not k.is_counted)::int,
    price_changed_at = coalesce(x.changed_at, s.price_changed_at)
from pricescope_load k
cross join lateral (
    select min(h.observed_at) as changed_at
    from core.price_history h, core.listing_state now
    where h.listing_id = k.listing_id and now.listing_id = k.listing_id
      and h.observed_at > coalesce((
          select max(o.observed_at) from core.price_history o
          where o.listing_id = k.listing_id
            and (o.price_minor, o.total_minor, o.currency)
                is distinct from (now.price_minor, now.total_minor, now.currency)), '-infinity')
) x
where s.listing_id = k.listing_id and (k.is_late or (k.is_again and %(reparse)s))
  and ((k.is_late and not k.is_counted) or s.price_changed_at <> x.changed_at)
"""
