"""Deletes what has been kept long enough.

Belongs here: the order and the bounds of deletion. A run killed half way is finished by the next: each step looks at
what is there. Statistics in ``marts`` are dbt's and stay.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Literal

import msgspec
import psycopg

from warehouse.load import take_turn
from warehouse.partitions import drop_expired
from warehouse.photo_key import photo_key
from warehouse.watches import delete_listings

_BATCH = 5_000


class RetentionResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a retention run deleted."""

    partitions: tuple[str, ...]
    pages: int
    quarantined: int
    listings: int
    sellers: int
    readings: int
    photos: int


def apply_retention(conn: psycopg.Connection, *, raw_page_days: int, item_days: int, today: date) -> RetentionResult:
    """Delete raw pages, quarantined records, listings, history and sellers that are past their time.

    Args:
        conn: a connection, not in a transaction: each step commits by itself.
        raw_page_days: whole days that raw pages and quarantined records (they hold personal data) are kept.
        item_days: days that a listing is kept after it was last seen, and that history is kept, by whole months.
        today: the UTC day it is.
    """
    partitions = [
        *drop_expired(conn, "raw.pages", raw_page_days, today),
        *drop_expired(conn, "core.price_history", item_days, today),
    ]
    pages_before = _midnight(today - timedelta(days=raw_page_days))
    items_before = _midnight(today - timedelta(days=item_days))
    return RetentionResult(
        partitions=tuple(partitions),
        pages=conn.execute("delete from raw.pages where fetched_at < %s", (pages_before,)).rowcount,
        quarantined=conn.execute("delete from ops.quarantine where fetched_at < %s", (pages_before,)).rowcount,
        listings=_delete_listings(conn, items_before),
        sellers=delete_orphan_sellers(conn),
        readings=conn.execute(
            "delete from ops.page_readings where fetched_at < least(%s, %s)", (pages_before, items_before)
        ).rowcount,
        # Vectors, memberships and estimates go with their listing; a photo's row belongs to an address.
        photos=delete_orphan_photos(conn),
    )


def delete_orphan_sellers(conn: psycopg.Connection) -> int:
    """Delete sellers without a listing; return how many. Each source's loader is waited for, so none is pulled away."""
    deleted = 0
    for source in _sources(conn, "core.sellers"):
        with conn.transaction():
            take_turn(conn, source)
            deleted += conn.execute(
                "delete from core.sellers s where source = %s"
                " and not exists (select from core.listings l where l.seller_id = s.seller_id)",
                (source,),
            ).rowcount
    return deleted


def delete_orphan_photos(conn: psycopg.Connection) -> int:
    """Delete what is known of photos that no listing shows first; return how many. Bytes on disk go by their age."""
    return conn.execute(
        "delete from ml.photos as p where not exists"
        f" (select from core.listings as l where {photo_key('l.image_urls[1]')} = p.url_sha256)"
    ).rowcount


def _delete_listings(conn: psycopg.Connection, before: datetime) -> int:
    return sum(_delete_listings_of(conn, source, before) for source in _sources(conn, "core.listings"))


def _delete_listings_of(conn: psycopg.Connection, source: str, before: datetime) -> int:
    deleted = 0
    while True:
        with conn.transaction():
            take_turn(conn, source)
            ids = [
                listing_id
                for (listing_id,) in conn.execute(
                    "select listing_id from core.listing_state join core.listings using (listing_id)"
                    " where source = %s and last_seen_at < %s order by 1 limit %s",
                    (source, before, _BATCH),
                ).fetchall()
            ]
            if not ids:
                return deleted
            deleted += delete_listings(conn, ids)


def _sources(conn: psycopg.Connection, table: Literal["core.listings", "core.sellers"]) -> list[str]:
    return [source for (source,) in conn.execute(f"select distinct source from {table} order by 1").fetchall()]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
