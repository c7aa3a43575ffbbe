"""Photos that were asked for: by address, with the digest and the hashes of what came.

Belongs here: ``ml.photos``, and which listings' first photos are wanted. Does not: fetching, pictures, vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg

from warehouse.embeddings import Scope, Space, missing_ids, scope_condition, scope_values
from warehouse.photo_key import photo_key

# One that could not be had is asked for again so often, and not before so long.
_ATTEMPTS = 3
_PAUSE = timedelta(hours=20)
_SIGNED = 1 << 63


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking for a photo.

    Attributes:
        content_sha256: of its bytes; None where it could not be had.
        perceptual_hash: unsigned 64 bits; None where it could not be had.
        mirrored_hash: of the mirror image, the same.
        is_flat: nearly of one colour, so that its hashes say nothing.
        width: pixels of the picture as it was kept.
        height: the same.
        error: why it could not be had, else empty.
        fetched_at: UTC.
    """

    url: str
    fetched_at: datetime
    content_sha256: bytes | None = None
    perceptual_hash: int | None = None
    mirrored_hash: int | None = None
    is_flat: bool | None = None
    width: int | None = None
    height: int | None = None
    error: str = ""


def wanted_urls(conn: psycopg.Connection, scope: Scope, now: datetime, *, limit: int) -> tuple[list[str], int]:
    """Return addresses of first photos to ask for, each once, of the newest listings first; and how many wait in all.

    A photo that could not be had is asked for three times, on different days.
    """
    rows = conn.execute(
        f"""
        with wanted as (
            select min(l.image_urls[1]) as url, max(s.last_changed_at) as newest_at
            from core.listing_details as l
            join core.listing_state as s on s.listing_id = l.listing_id
            left join ml.photos as p on p.url_sha256 = {photo_key("l.image_urls[1]")}
            where
                {scope_condition()} and l.image_urls[1] <> ''
                and (
                    p.url_sha256 is null
                    or (p.content_sha256 is null and p.attempts < %(attempts)s and p.fetched_at < %(before)s)
                )
            group by {photo_key("l.image_urls[1]")}
        )
        select url, count(*) over () from wanted order by newest_at desc, url limit %(limit)s
        """,
        {**scope_values(scope), "attempts": _ATTEMPTS, "before": now - _PAUSE, "limit": limit},
    ).fetchall()
    return [url for url, _ in rows], rows[0][1] if rows else 0


def note_photo(conn: psycopg.Connection, photo: Photo) -> None:
    """Keep what came of asking for a photo; a failure never takes the place of what was had before."""
    conn.execute(
        f"""
        insert into ml.photos as p (
            url_sha256, url, content_sha256, perceptual_hash, mirrored_hash, is_flat, width, height, error, fetched_at
        )
        values (
            {photo_key("%(url)s::text")}, %(url)s, %(content_sha256)s, %(perceptual_hash)s, %(mirrored_hash)s,
            %(is_flat)s, %(width)s, %(height)s, %(error)s, %(fetched_at)s
        )
        on conflict (url_sha256) do update set
            url = excluded.url,
            content_sha256 = coalesce(excluded.content_sha256, p.content_sha256),
            perceptual_hash = coalesce(excluded.perceptual_hash, p.perceptual_hash),
            mirrored_hash = coalesce(excluded.mirrored_hash, p.mirrored_hash),
            is_flat = coalesce(excluded.is_flat, p.is_flat),
            width = coalesce(excluded.width, p.width),
            height = coalesce(excluded.height, p.height),
            error = excluded.error,
            attempts = p.attempts + 1,
            fetched_at = excluded.fetched_at
        """,
        {
            **msgspec.structs.asdict(photo),
            "perceptual_hash": _signed(photo.perceptual_hash),
            "mirrored_hash": _signed(photo.mirrored_hash),
        },
    )


def ask_again(conn: psycopg.Connection, digests: Sequence[bytes]) -> int:
    """Let photos whose bytes are lost be asked for anew; return how many addresses that are."""
    return conn.execute(
        "update ml.photos set content_sha256 = null, attempts = 0, fetched_at = fetched_at - %s"
        " where content_sha256 = any(%s)",
        (_PAUSE, list(digests)),
    ).rowcount


def photos_without_vector(
    conn: psycopg.Connection, space: Space, scope: Scope
) -> dict[bytes, tuple[str, tuple[int, ...]]]:
    """Return photos that were had and have no vector yet: by digest, an address and the listings that show it first."""
    ids = missing_ids(conn, space, scope)
    rows = conn.execute(
        f"""
        select p.content_sha256, min(p.url), array_agg(l.listing_id order by l.listing_id)
        from core.listings as l
        join ml.photos as p on p.url_sha256 = {photo_key("l.image_urls[1]")}
        where l.listing_id = any(%s) and p.content_sha256 is not null
        group by 1
        order by 1
        """,
        (ids,),
    ).fetchall()
    return {digest: (url, tuple(listing_ids)) for digest, url, listing_ids in rows}


def photo_hashes(conn: psycopg.Connection, listing_ids: Sequence[int]) -> dict[int, tuple[int, int, bool]]:
    """Return pHash, that of the mirror image (unsigned 64 bits) and whether it says nothing, by listing."""
    rows = conn.execute(
        "select l.listing_id, p.perceptual_hash, p.mirrored_hash, p.is_flat from core.listings as l"
        f" join ml.photos as p on p.url_sha256 = {photo_key('l.image_urls[1]')}"
        " where l.listing_id = any(%s) and p.perceptual_hash is not null",
        (list(listing_ids),),
    ).fetchall()
    return {row[0]: (row[1] % (2 * _SIGNED), row[2] % (2 * _SIGNED), bool(row[3])) for row in rows}


class ShownPhoto(msgspec.Struct, frozen=True, kw_only=True):
    """A listing and the hashes of its first photo, unsigned 64 bits; the seller has one name over all sources."""

    listing_id: int
    seller: str | None
    first_seen_at: datetime
    perceptual_hash: int
    mirrored_hash: int
    is_flat: bool


def shown_photo(conn: psycopg.Connection, listing_id: int) -> ShownPhoto | None:
    """Return the hashes of a listing's first photo, None where none was had."""
    found = conn.execute(
        f"{_SHOWN} join ml.photos as p on p.url_sha256 = {photo_key('l.image_urls[1]')}"
        " where l.listing_id = %s and p.perceptual_hash is not null",
        (listing_id,),
    ).fetchone()
    return None if found is None else _shown(found)


def listings_with_photo(conn: psycopg.Connection, plain: int, mirrored: int, *, within: int = 6) -> list[ShownPhoto]:
    """Return the listings of every source whose first photo is as good as the same, mirrored or not, by id.

    Photos of nearly one colour are left out: their hashes say nothing. Every hash is compared: 100,000 take some 30 ms.

    Args:
        conn: any connection.
        plain: pHash of the photo that is searched for, unsigned.
        mirrored: that of its mirror image.
        within: differing bits of 64 that still make it the same photo.
    """
    rows = conn.execute(
        f"""
        {_SHOWN}
        join ml.embeddings as e on e.listing_id = l.listing_id and e.kind = 'image'
        join ml.photos as p on p.content_sha256 = e.content_sha256
        where
            e.content_sha256 = any(
                select f.content_sha256 from ml.photos as f
                where
                    f.content_sha256 is not null and not f.is_flat
                    and least(
                        bit_count((f.perceptual_hash # %(plain)s::bigint)::bit(64)),
                        bit_count((f.perceptual_hash # %(mirrored)s::bigint)::bit(64)),
                        bit_count((f.mirrored_hash # %(plain)s::bigint)::bit(64))
                    ) <= %(within)s
            )
        order by l.listing_id
        """,
        {"plain": _signed(plain), "mirrored": _signed(mirrored), "within": within},
    ).fetchall()
    # A photo may stand at several addresses, and be described by several models.
    return list({row[0]: _shown(row) for row in rows}.values())


_SHOWN = """
select l.listing_id, s.source || ':' || s.external_id, l.first_seen_at, p.perceptual_hash, p.mirrored_hash, p.is_flat
from core.listings as l
left join core.sellers as s using (seller_id)
"""


def _shown(row: tuple[Any, ...]) -> ShownPhoto:
    return ShownPhoto(
        listing_id=row[0],
        seller=row[1],
        first_seen_at=row[2],
        perceptual_hash=row[3] % (2 * _SIGNED),
        mirrored_hash=row[4] % (2 * _SIGNED),
        is_flat=bool(row[5]),
    )


def _signed(bits: int | None) -> int | None:
    return None if bits is None else bits - 2 * _SIGNED if bits >= _SIGNED else bits
