"""The rows that a new listing starts with, wide and narrow, as lines for COPY.

Belongs here: which column takes what. Does not: what is new or changed (``load``, ``recheck``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import psycopg

from domain.listing import Availability, Listing
from domain.listing_kind import KindVerdict, ListingKind
from domain.money import to_minor
from warehouse.completion import Completed
from warehouse.copy_text import NULL, binary, copy_lines, flag, plain, text, text_array

# Tells what kind of thing a listing offers; how is for the caller to know.
TellKind = Callable[[Listing], KindVerdict]

GONE = (str(Availability.SOLD), str(Availability.GONE))

DETAIL_COLUMNS = (
    "listing_id, source, external_id, url, title, description, brand, size, color, category, condition,"
    " condition_label, condition_source_id, image_urls, seller_id, listed_at, first_seen_at, carried, price_kind, sku,"
    " gtin, group_id, country, ends_at, attributes, kind, kind_reason, kind_version"
)
STATE_COLUMNS = (
    "listing_id, content_hash, price_minor, total_minor, currency, availability, favourite_count, view_count, quantity,"
    " last_seen_at, last_page_id, checks, price_changed_at, is_active, has_carried, shown_page_id, last_changed_at,"
    " price, fee, total_price, original_price, original_currency, list_price, shipping_price"
)
_HISTORY_COLUMNS = "listing_id, observed_at, price_minor, total_minor, currency, availability"


class NewListing(NamedTuple):
    """A listing never seen before, completed; ``content_hash`` is of the completed one."""

    listing_id: int
    completed: Completed
    content_hash: bytes
    seller_id: int | None
    quantity: int | None


def detail_line(
    listing_id: int, completed: Completed, seller_id: int | None, at: object, told: KindVerdict | None = None
) -> str:
    """Return a row of ``DETAIL_COLUMNS``, first seen on the page at hand."""
    one = completed.listing
    return "\t".join(
        (
            str(listing_id),
            one.source,
            text(one.external_id),
            text(one.url),
            text(one.title),
            text(one.description),
            text(one.brand),
            text(one.size),
            text(one.color),
            text(one.category),
            one.condition,
            text(one.condition_label),
            text(one.condition_source_id),
            text_array(one.image_urls),
            plain(seller_id),
            plain(one.listed_at),
            str(at),
            text_array(completed.carried),
            one.price_kind,
            text(one.sku),
            text(one.gtin),
            text(one.group_id),
            text(one.country),
            plain(one.ends_at),
            text(msgspec.json.encode(dict(one.attributes)).decode()) if one.attributes else "{}",
            ListingKind.NORMAL if told is None else told.kind,
            NULL if told is None or told.kind is ListingKind.NORMAL else text(told.reason),
            NULL if told is None else told.version,
        )
    )


def state_line(new: NewListing, at: object, page_id: int) -> str:
    """Return a row of ``STATE_COLUMNS``, seen, changed and checked first on the page at hand."""
    return _state_line(new, at, page_id, _priced(new.completed.listing))


def _state_line(new: NewListing, at: object, page_id: int, priced: str) -> str:
    one = new.completed.listing
    return (
        f"{new.listing_id}\t{binary(new.content_hash)}\t{priced}\t{plain(one.favourite_count)}"
        f"\t{plain(one.view_count)}\t{plain(new.quantity)}\t{at}\t{page_id}\t1\t{at}"
        f"\t{flag(one.availability not in GONE)}\t{flag(bool(new.completed.carried))}\t{page_id}\t{at}\t{one.price}"
        f"\t{plain(one.fee)}\t{plain(one.total_price)}\t{plain(one.original_price)}\t{text(one.original_currency)}"
        f"\t{plain(one.list_price)}\t{plain(one.shipping_price)}"
    )


def copy_new(
    conn: psycopg.Connection, values: Mapping[str, Any], new: Sequence[NewListing], tell_kind: TellKind | None = None
) -> None:
    """COPY new listings with their state, first history row and stock; in the load's transaction."""
    at, page_id = str(values["at"]), values["page_id"]
    states: list[str] = []
    history: list[str] = []
    stock: list[str] = []

    def wide() -> Iterator[str]:
        # The narrow rows are written meanwhile, while the server is busy with the wide ones.
        for one in new:
            listing = one.completed.listing
            told = None if tell_kind is None else tell_kind(listing)
            yield detail_line(one.listing_id, one.completed, one.seller_id, at, told)
            priced = _priced(listing)
            states.append(_state_line(one, at, page_id, priced))
            if listing.price > 0:  # nothing enters the history as 0
                history.append(f"{one.listing_id}\t{at}\t{priced}")
            if one.quantity is not None:
                stock.append(f"{one.listing_id}\t{at}\t{one.quantity}")

    copy_lines(conn, f"core.listing_details ({DETAIL_COLUMNS})", wide())
    copy_lines(conn, f"core.listing_state ({STATE_COLUMNS})", states)
    copy_lines(conn, f"core.price_history ({_HISTORY_COLUMNS})", history)
    if stock:
        copy_lines(conn, "core.stock_history (listing_id, observed_at, quantity)", stock)


def _priced(listing: Listing) -> str:
    total = listing.total_price
    minor = to_minor(listing.price, listing.currency)
    return (
        f"{minor}\t{NULL if total is None else to_minor(total, listing.currency)}\t{listing.currency}"
        f"\t{listing.availability}"
    )
