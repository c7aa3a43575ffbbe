"""Writes what is shown of known listings: their wide row where more than the price moved, and their price.

Belongs here: which of the two rows is written, and what a late page may fill. Does not: what is to be shown
(``completion``), the present state beside the price and the history (``staged``, ``newer``).

A listing is its details (``core.listing_details``, some kilobytes with five indexes) and its price
(``core.listing_state``, a hundred bytes with one). Nearly all changes are of the price alone, so the details are
compared with what is stored and left alone where they are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import psycopg

from domain.listing import Listing, Seller
from warehouse.completion import Completed, stated_total
from warehouse.copy_text import copy_lines, flag, integer_array, plain_array, quoted_array
from warehouse.known import Shown
from warehouse.listing_rows import DETAIL_COLUMNS, STATE_COLUMNS, NewListing, TellKind, detail_line, state_line
from warehouse.photo_key import SIGNED
from warehouse.sellers import seller_ids


class Row(msgspec.Struct, frozen=True):
    """A record beside what the warehouse already holds of it.

    Attributes:
        index: the record's place on the page.
        seen: the listing as the page shows it.
        completed: the listing as it is to be shown once the page is loaded.
        content_hash: of the completed listing.
        shown: the listing as it is shown until now; None where it is new, or where no look was needed.
        is_completed: what is carried on from older pages changed, and no business field did.
    """

    index: int
    seen: Listing
    completed: Completed
    content_hash: bytes
    listing_id: int
    shown: Shown | None
    is_new: bool
    is_late: bool
    is_changed: bool
    is_completed: bool
    is_rewritten: bool
    is_seller_due: bool
    is_held: bool

    @property
    def seller(self) -> Seller | None:
        """Who sells it, where the page says so."""
        return self.seen.seller

    @property
    def quantity(self) -> int | None:
        """Pieces in stock, where the page says so."""
        return self.seen.quantity

    @property
    def is_thin(self) -> bool:
        """Whether the page leaves the total unsaid."""
        return stated_total(self.seen) is None

    @property
    def is_sent(self) -> bool:
        """Whether what is shown is written at all."""
        return self.is_new or self.is_changed or self.is_late or self.is_rewritten or self.is_completed


def merge(conn: psycopg.Connection, values: Mapping[str, Any], rows: Sequence[Row], tell_kind: TellKind | None) -> None:
    """Bring the details of the listings to what the page shows, and copy those of listings that are new after all.

    Args:
        conn: in the load's transaction.
        values: the load's (``source``, ``page_id``, ``at``).
        rows: of one page.
        tell_kind: see ``load.load_reading``.
    """
    sent = [row for row in rows if row.is_sent]
    written = [row for row in sent if row.is_late or row.shown is None or _differs(row, row.shown)]
    if len(written) < len(sent):
        # Of the same words a kind is told anew by other word lists alone.
        version = None if tell_kind is None else tell_kind(sent[0].completed.listing).version
        taken = {row.listing_id for row in written}
        rest = (row for row in sent if row.listing_id not in taken)
        written += [row for row in rest if row.shown is not None and row.shown.kind_version != version]
    if not written:
        return
    sellers = seller_ids(conn, values["source"], {row.seller.external_id for row in written if row.seller is not None})
    lines: list[str] = []
    for row in written:
        seller_id = None if row.seller is None else sellers.get(row.seller.external_id)
        told = None if tell_kind is None else tell_kind(row.completed.listing)
        lines.append(detail_line(row.listing_id, row.completed, seller_id, values["at"], told))
    new = [line for row, line in zip(written, lines, strict=True) if row.is_new]
    if new:
        copy_lines(conn, f"core.listing_details ({DETAIL_COLUMNS})", new)
    known = [(row, line) for row, line in zip(written, lines, strict=True) if not row.is_new]
    if not known:
        return
    conn.execute(
        "create temp table if not exists pricescope_merge (like core.listing_details, is_late boolean)"
        " on commit delete rows"
    )
    conn.execute("delete from pricescope_merge")
    copy_lines(
        conn,
        f"pricescope_merge ({DETAIL_COLUMNS}, is_late)",
        (f"{line}\t{flag(row.is_late)}" for row, line in known),
    )
    conn.execute(_MERGE_NEWER)
    if any(row.is_late for row, _ in known):
        conn.execute(_MERGE_LATE)


def copy_states(conn: psycopg.Connection, values: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """COPY the state of those among the rows that are new, once their details and stock are written."""
    new = (
        NewListing(row.listing_id, row.completed, row.content_hash, None, row.quantity) for row in rows if row.is_new
    )
    copy_lines(
        conn,
        f"core.listing_state ({STATE_COLUMNS})",
        (state_line(one, values["at"], values["page_id"]) for one in new),
    )


def mark_carried(conn: psycopg.Connection, listing_ids: Sequence[int]) -> None:
    """Repeat in the narrow row whether the wide one holds carried fields, so that a check need not look there."""
    conn.execute(
        "update core.listing_state s set has_carried = d.carried <> '{}' from core.listing_details d"
        " where s.listing_id = any(%s::bigint[]) and d.listing_id = s.listing_id"
        " and s.has_carried <> (d.carried <> '{}')",
        (integer_array(listing_ids),),
    )


def show_prices(conn: psycopg.Connection, values: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """Show the prices of known listings as the page says, once their state is written; a late page fills gaps alone.

    Args:
        conn: in the load's transaction.
        values: the load's (``page_id``, ``at``).
        rows: of one page.
    """
    newer = [row for row in rows if row.is_sent and not row.is_new and not row.is_late]
    late = [row for row in rows if row.is_late]
    for statement, chosen in ((_SHOW_NEWER, newer), (_SHOW_LATE, late)):
        if chosen:
            conn.execute(
                statement,
                {
                    **values,
                    "ids": integer_array(row.listing_id for row in chosen),
                    "changed": plain_array(row.is_changed for row in chosen),
                    **price_arrays([row.completed.listing for row in chosen]),
                },
            )


def price_arrays(listings: Sequence[Listing]) -> dict[str, str]:
    """Return literals of arrays of what the listings cost, exact, by the names of the columns."""
    return {
        "price": plain_array([one.price for one in listings]),
        "fee": plain_array([one.fee for one in listings]),
        "total_price": plain_array([one.total_price for one in listings]),
        "original_price": plain_array([one.original_price for one in listings]),
        "original_currency": quoted_array([one.original_currency for one in listings]),
        "list_price": plain_array([one.list_price for one in listings]),
        "shipping_price": plain_array([one.shipping_price for one in listings]),
    }


_SIGNED = re.compile(SIGNED, re.IGNORECASE)


def _differs(row: Row, shown: Shown) -> bool:
    """Say whether the wide row would hold something else; the kind's word lists are the caller's to compare."""
    one, known = row.completed.listing, shown.listing
    if row.completed.carried != shown.carried:
        return True
    if row.seller is not None and (shown.seller is None or row.seller.external_id != shown.seller.external_id):
        return True
    if _details(one) != _details(known):
        return True
    # Signed anew on every answer: still the same photos.
    return one.image_urls != known.image_urls and _unsigned(one) != _unsigned(known)


def _details(one: Listing) -> tuple[object, ...]:
    return (
        one.title,
        one.url,
        one.description,
        one.brand,
        one.size,
        one.color,
        one.category,
        one.condition,
        one.condition_label,
        one.condition_source_id,
        one.listed_at,
        one.price_kind,
        one.sku,
        one.gtin,
        one.group_id,
        one.country,
        one.ends_at,
        one.attributes,
    )


def _unsigned(one: Listing) -> list[str]:
    return [_SIGNED.sub("", url) for url in one.image_urls]


_MERGE_NEWER = """
update core.listing_details d
set url = m.url, title = m.title, description = m.description, brand = m.brand, size = m.size, color = m.color,
    category = m.category, condition = m.condition, condition_label = m.condition_label,
    condition_source_id = m.condition_source_id, image_urls = m.image_urls, listed_at = m.listed_at,
    seller_id = coalesce(m.seller_id, d.seller_id), price_kind = m.price_kind, sku = m.sku, gtin = m.gtin,
    group_id = m.group_id, country = m.country, ends_at = m.ends_at, attributes = m.attributes, carried = m.carried,
    kind = m.kind, kind_reason = m.kind_reason, kind_version = m.kind_version
from pricescope_merge m
where d.listing_id = m.listing_id and not m.is_late
"""
_MERGE_LATE = """
update core.listing_details d
set first_seen_at = least(d.first_seen_at, m.first_seen_at), description = m.description, brand = m.brand,
    size = m.size, color = m.color, category = m.category, condition = m.condition,
    condition_label = m.condition_label, condition_source_id = m.condition_source_id, image_urls = m.image_urls,
    listed_at = m.listed_at, seller_id = coalesce(d.seller_id, m.seller_id), carried = m.carried, sku = m.sku,
    gtin = m.gtin, group_id = m.group_id, country = m.country, ends_at = m.ends_at, attributes = m.attributes,
    kind = m.kind, kind_reason = m.kind_reason, kind_version = m.kind_version
from pricescope_merge m
where d.listing_id = m.listing_id and m.is_late
  and (m.first_seen_at < d.first_seen_at or (d.seller_id is null and m.seller_id is not null)
       or (d.description, d.brand, d.size, d.color, d.category, d.condition, d.condition_label, d.condition_source_id,
           d.image_urls, d.listed_at, d.carried, d.sku, d.gtin, d.group_id, d.country, d.ends_at, d.attributes)
          is distinct from
          (m.description, m.brand, m.size, m.color, m.category, m.condition, m.condition_label, m.condition_source_id,
           m.image_urls, m.listed_at, m.carried, m.sku, m.gtin, m.group_id, m.country, m.ends_at, m.attributes))
"""
_PRICES = """
unnest(%(ids)s::bigint[], %(changed)s::boolean[], %(price)s::numeric[], %(fee)s::numeric[], %(total_price)s::numeric[],
       %(original_price)s::numeric[], %(original_currency)s::text[], %(list_price)s::numeric[],
       %(shipping_price)s::numeric[])
    as k (listing_id, is_changed, price, fee, total_price, original_price, original_currency, list_price,
          shipping_price)
"""
_SHOW_NEWER = f"""
update core.listing_state s
set shown_page_id = %(page_id)s, last_changed_at = case when k.is_changed then %(at)s else s.last_changed_at end,
    price = k.price, fee = k.fee, total_price = k.total_price, original_price = k.original_price,
    original_currency = k.original_currency, list_price = k.list_price, shipping_price = k.shipping_price
from {_PRICES}
where s.listing_id = k.listing_id
"""
_SHOW_LATE = f"""
update core.listing_state s
set original_price = k.original_price, original_currency = k.original_currency, list_price = k.list_price,
    shipping_price = k.shipping_price
from {_PRICES}
where s.listing_id = k.listing_id
  and (s.original_price, s.original_currency, s.list_price, s.shipping_price)
      is distinct from (k.original_price, k.original_currency, k.list_price, k.shipping_price)
"""
