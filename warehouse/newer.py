"""Known listings of which a newer page says something else: the usual change, nearly always of the price alone.

Belongs here: telling what becomes of them, and writing their state and history in one statement of arrays. Does not:
what is late, read again, on the page twice or not to be believed (``staged``), their details (``merge``).

The rules are those of the staged lane, with one look less: the page is newer than all that was seen of the listing, so
the state before it decides what enters the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import psycopg

from domain.listing import Listing
from domain.money import to_minor
from domain.plausibility import implausible
from warehouse.completion import complete, minor_or_none, priced, stated_total, total_minor
from warehouse.copy_text import binary_array, integer_array, plain_array
from warehouse.known import Shown, is_seller_due, known_listings
from warehouse.listing_rows import GONE
from warehouse.merge import Row, price_arrays
from warehouse.pages import utc_day
from warehouse.recheck import Newer, Record


class Told(NamedTuple):
    """A record with its row, and what it observed; amounts in minor units of the listing's currency."""

    listing: Listing
    row: Row
    price_minor: int
    total_minor: int | None
    is_price_moved: bool
    is_history: bool


def tell(
    conn: psycopg.Connection, values: Mapping[str, Any], newer: Sequence[Newer]
) -> tuple[list[Told], list[Record]]:
    """Return what becomes of the records, and those whose price cannot be meant, which are to be staged.

    Args:
        conn: in the load's transaction.
        values: the load's (``at``, ``day``).
        newer: storable records of one page.
    """
    known = known_listings(conn, [one.listing_id for one in newer])
    told: list[Told] = []
    doubtful: list[Record] = []
    for one in newer:
        shown = known[one.listing_id]
        seen, price = one.record.listing, shown.listing
        is_doubtful = seen.price_kind is price.price_kind and implausible(
            price.price, price.currency, seen.price, seen.currency
        )
        if is_doubtful:
            doubtful.append(one.record)
        else:
            told.append(_told(one, shown, values))
    return told, doubtful


def _told(one: Newer, shown: Shown, values: Mapping[str, Any]) -> Told:
    place, seen, own = one.record
    # A page that says exactly what is known has nothing to be completed with.
    known = None if own == shown.content_hash and not shown.has_carried else shown
    before = None if known is None else priced(known.listing)
    completed = complete(seen, None if known is None else known.listing, before)
    content_hash = own if own and completed.listing is seen else completed.listing.content_hash()
    price = to_minor(seen.price, seen.currency)
    total = minor_or_none(stated_total(seen), seen.currency)
    if total is None:
        total = total_minor(seen.source, price, seen.currency, before)
    is_price_moved = (price, total, seen.currency) != (shown.price_minor, shown.total_minor, shown.currency)
    is_new_day = utc_day(shown.last_seen_at) < values["day"]
    is_changed = content_hash != shown.content_hash
    row = Row(
        index=place,
        seen=seen,
        completed=completed,
        content_hash=content_hash,
        listing_id=one.listing_id,
        shown=known,
        is_new=False,
        is_late=False,
        is_changed=is_changed,
        is_completed=known is not None and not is_changed and completed.carried != known.carried,
        is_rewritten=False,
        # Pages without a price say nothing of sellers: one of today may have gone before.
        is_seller_due=(known is not None or is_new_day or not shown.is_active)
        and is_seller_due(seen.seller, shown, values["at"]),
        is_held=False,
    )
    is_history = price > 0 and (is_price_moved or is_new_day or seen.availability != shown.availability)
    return Told(seen, row, price, total, is_price_moved, is_history)


def write(conn: psycopg.Connection, values: Mapping[str, Any], told: Sequence[Told]) -> None:
    """Write state, history and stock of the listings; their details are written before.

    Args:
        conn: in the load's transaction.
        values: the load's (``page_id``, ``at``).
        told: of one page.
    """
    rows = [one.row for one in told]
    seen = [one.listing for one in told]
    conn.execute(
        _WRITE,
        {
            **values,
            "ids": integer_array(row.listing_id for row in rows),
            "hashes": binary_array(row.content_hash for row in rows),
            "minors": integer_array(one.price_minor for one in told),
            "totals": plain_array(one.total_minor for one in told),
            "currencies": plain_array(one.currency for one in seen),
            "availabilities": plain_array(one.availability for one in seen),
            "favourites": plain_array(one.favourite_count for one in seen),
            "views": plain_array(one.view_count for one in seen),
            "pieces": plain_array(row.quantity for row in rows),
            "moved": plain_array(one.is_price_moved for one in told),
            "history": plain_array(one.is_history for one in told),
            "active": plain_array(one.availability not in GONE for one in seen),
            "sent": plain_array(row.is_sent for row in rows),
            "changed": plain_array(row.is_changed for row in rows),
            "carried": plain_array(bool(row.completed.carried) for row in rows),
            **price_arrays([row.completed.listing for row in rows]),
        },
    )


_WRITE = """
with k as materialized (
    select *
    from unnest(
        %(ids)s::bigint[], %(hashes)s::bytea[], %(minors)s::bigint[], %(totals)s::bigint[], %(currencies)s::text[],
        %(availabilities)s::text[], %(favourites)s::int[], %(views)s::int[], %(pieces)s::int[], %(moved)s::boolean[],
        %(history)s::boolean[], %(active)s::boolean[], %(sent)s::boolean[], %(changed)s::boolean[],
        %(carried)s::boolean[], %(price)s::numeric[], %(fee)s::numeric[], %(total_price)s::numeric[],
        %(original_price)s::numeric[], %(original_currency)s::text[], %(list_price)s::numeric[],
        %(shipping_price)s::numeric[]
    ) as k (
        listing_id, content_hash, price_minor, total_minor, currency, availability, favourite_count, view_count,
        quantity, is_price_moved, is_history, is_active, is_sent, is_changed, has_carried, price, fee, total_price,
        original_price, original_currency, list_price, shipping_price
    )
),
history as (
    insert into core.price_history (listing_id, observed_at, price_minor, total_minor, currency, availability)
    select listing_id, %(at)s, price_minor, total_minor, currency, availability from k where is_history
    on conflict (listing_id, observed_at) do update
    set price_minor = excluded.price_minor, total_minor = excluded.total_minor, currency = excluded.currency,
        availability = excluded.availability
),
stock as (
    insert into core.stock_history as h (listing_id, observed_at, quantity)
    select k.listing_id, %(at)s, k.quantity
    from k join core.listing_state s on s.listing_id = k.listing_id
    where k.quantity is not null and s.quantity is distinct from k.quantity
    on conflict (listing_id, observed_at) do update set quantity = excluded.quantity
    where h.quantity <> excluded.quantity
)
update core.listing_state s
set content_hash = k.content_hash, price_minor = k.price_minor, total_minor = k.total_minor, currency = k.currency,
    availability = k.availability, favourite_count = coalesce(k.favourite_count, s.favourite_count),
    view_count = coalesce(k.view_count, s.view_count), quantity = coalesce(k.quantity, s.quantity),
    last_seen_at = %(at)s, last_page_id = %(page_id)s, checks = s.checks + 1,
    price_changed_at = case when k.is_price_moved then %(at)s else s.price_changed_at end, is_active = k.is_active,
    has_carried = case when k.is_sent then k.has_carried else s.has_carried end,
    shown_page_id = case when k.is_sent then %(page_id)s else s.shown_page_id end,
    last_changed_at = case when k.is_changed then %(at)s else s.last_changed_at end,
    price = case when k.is_sent then k.price else s.price end,
    fee = case when k.is_sent then k.fee else s.fee end,
    total_price = case when k.is_sent then k.total_price else s.total_price end,
    original_price = case when k.is_sent then k.original_price else s.original_price end,
    original_currency = case when k.is_sent then k.original_currency else s.original_currency end,
    list_price = case when k.is_sent then k.list_price else s.list_price end,
    shipping_price = case when k.is_sent then k.shipping_price else s.shipping_price end
from k
where s.listing_id = k.listing_id
"""
