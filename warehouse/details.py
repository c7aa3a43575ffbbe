"""Listings in full, as messages and the command line show them, and which of them the owner hid.

Belongs here: one query for many listings; finding a listing by what a user types. Does not: deals.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
import psycopg
from psycopg.rows import dict_row


class ListingDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A stored listing with its state. Amounts in major units of ``currency``; times UTC.

    Attributes:
        payable: total where known, else price.
        is_hidden: by the owner asked for.
    """

    listing_id: int
    source: str
    external_id: str
    url: str
    title: str
    description: str | None
    brand: str | None
    size: str | None
    condition: str
    condition_label: str | None
    price: Decimal
    fee: Decimal | None
    payable: Decimal
    currency: str
    original_price: Decimal | None
    original_currency: str | None
    image_url: str | None
    seller_login: str | None
    seller_is_business: bool | None
    listed_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    last_page_id: int
    availability: str
    is_hidden: bool


def listing_details(conn: psycopg.Connection, listing_ids: Sequence[int], owner: str) -> dict[int, ListingDetail]:
    """Return the listings by id; unknown ids are left out."""
    if not listing_ids:
        return {}
    with conn.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            """
            select
              l.listing_id, l.source, l.external_id, l.url, l.title, l.description, l.brand, l.size, l.condition,
              l.condition_label, l.price, l.fee, coalesce(l.total_price, l.price) as payable, l.currency,
              l.original_price, l.original_currency, l.image_urls[1] as image_url, p.login as seller_login,
              p.is_business as seller_is_business, l.listed_at, l.first_seen_at, s.last_seen_at, l.last_page_id,
              s.availability, h.listing_id is not null as is_hidden
            from core.listings as l
            join core.listing_state as s using (listing_id)
            left join core.sellers as p using (seller_id)
            left join app.hidden as h on h.listing_id = l.listing_id and h.owner = %(owner)s
            where l.listing_id = any(%(ids)s)
            """,
            {"ids": list(listing_ids), "owner": owner},
        )
        return {row["listing_id"]: ListingDetail(**row) for row in cursor}


def find_listing(conn: psycopg.Connection, text: str) -> int | None:
    """Return our id of a listing named by that id, by ``source:external_id``, by its external id or its URL."""
    source, _, external = text.partition(":")
    number = int(text) if text.isdecimal() and len(text) < 19 else None
    row = conn.execute(
        """
        select listing_id from core.listings
        where listing_id = %(number)s
          or (source = %(source)s and external_id = %(external)s)
          or external_id = %(text)s
          or url = %(text)s
        order by listing_id = %(number)s desc nulls last
        limit 1
        """,
        {"number": number, "source": source, "external": external, "text": text},
    ).fetchone()
    return int(row[0]) if row else None


def set_hidden(conn: psycopg.Connection, listing_id: int, *, hidden: bool, owner: str = "owner") -> None:
    """Hide a listing from an owner for good, or show it again."""
    if hidden:
        conn.execute(
            "insert into app.hidden (owner, listing_id) values (%s, %s) on conflict do nothing", [owner, listing_id]
        )
    else:
        conn.execute("delete from app.hidden where owner = %s and listing_id = %s", [owner, listing_id])
