"""Raw pages: stored as they came (zstd), read back exactly.

Belongs here: ``raw.pages``. Does not: what a page means, or loading what was read from it (see load).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, NamedTuple

import psycopg
import zstandard

from domain.page import RawPage
from warehouse.partitions import ensure_partitions
from warehouse.poison import storable

Origin = Literal["fetch", "import", "sandbox"]

# Pages are up to megabytes: few are held at once.
_CHUNK = 16
_WORTH_THREADS = 1_000_000
_COLUMNS = (
    "page_id, source, url, status, content_type, body, body_bytes, fetched_at, watch_id, page_number, duration_ms"
)


class PageNotFoundError(LookupError):
    """No such raw page; it may have passed its retention."""


def store_page(conn: psycopg.Connection, page: RawPage, *, origin: Origin = "fetch", run_id: str | None = None) -> int:
    """Store a page and return its page_id; the same page again adds nothing and returns the id it has.

    Two pages are the same when source, address, bytes and fetch time are.

    Raises:
        ValueError: when ``fetched_at`` has no time zone.
    """
    return store_pages(conn, [page], origin=origin, run_id=run_id)[0]


def store_pages(
    conn: psycopg.Connection, pages: Sequence[RawPage], *, origin: Origin = "fetch", run_id: str | None = None
) -> list[int]:
    """Store pages in one transaction; return their page_ids in the same order. Makes missing partitions."""
    if not pages:
        return []
    for page in pages:
        if page.fetched_at.tzinfo is None:
            raise ValueError(f"fetched_at of {page.url} has no time zone; give it in UTC")
    for is_last in (False, False, True):
        try:
            with conn.transaction():
                return _insert(conn, pages, origin, run_id)
        except psycopg.errors.CheckViolation:  # no partition of that month yet
            if is_last:
                raise
            with conn.transaction():
                for day in {utc_day(page.fetched_at) for page in pages}:
                    ensure_partitions(conn, day, day)
        except psycopg.errors.UniqueViolation:  # another process has just stored one of them: now it is found
            if is_last:
                raise
    raise AssertionError("the last attempt returns or raises")


def read_page(conn: psycopg.Connection, page_id: int, fetched_at: datetime | None = None) -> RawPage:
    """Return a stored page, byte for byte. ``fetched_at``, where known, spares looking into every partition.

    Raises:
        PageNotFoundError: when it is not (or no longer) stored.
    """
    row = conn.execute(
        f"select {_COLUMNS} from raw.pages where page_id = %(id)s"
        " and (%(at)s::timestamptz is null or fetched_at = %(at)s)",
        {"id": page_id, "at": fetched_at},
    ).fetchone()
    if row is None:
        raise PageNotFoundError(f"raw page {page_id} is not stored; it may be older than PRICESCOPE_RAW_PAGE_DAYS")
    return _page(row)[1]


def unread_pages(
    conn: psycopg.Connection, source: str, day: date, parser_version: int
) -> Iterator[tuple[int, RawPage]]:
    """Yield the pages of a UTC day that this or a newer parser has not read yet, in fetch order.

    The list is made at the first step; pages may be loaded on the same connection between steps.
    """
    yield from _pages(
        conn,
        "source = %(source)s and fetched_at >= %(start)s and fetched_at < %(end)s and not exists (select from"
        " ops.page_readings r where r.page_id = p.page_id and r.parser_version >= %(version)s)",
        {"source": source, "version": parser_version, **_bounds(day)},
    )


def pages_of_day(conn: psycopg.Connection, source: str, day: date) -> Iterator[tuple[int, RawPage]]:
    """Yield all pages of a UTC day in fetch order, read or not."""
    yield from _pages(
        conn,
        "source = %(source)s and fetched_at >= %(start)s and fetched_at < %(end)s",
        {"source": source, **_bounds(day)},
    )


def count_pages(conn: psycopg.Connection, source: str, day: date) -> int:
    """Return how many pages of a UTC day are stored."""
    row = conn.execute(
        "select count(*) from raw.pages where source = %(source)s and fetched_at >= %(start)s and fetched_at < %(end)s",
        {"source": source, **_bounds(day)},
    ).fetchone()
    return int(row[0]) if row else 0


def utc_day(moment: datetime) -> date:
    """Return the partition day of a moment: its day in UTC."""
    return moment.astimezone(UTC).date()


def _bounds(day: date) -> dict[str, datetime]:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return {"start": start, "end": start + timedelta(days=1)}


def _pages(conn: psycopg.Connection, where: str, values: dict[str, object]) -> Iterator[tuple[int, RawPage]]:
    ids = conn.execute(
        f"select p.page_id, p.fetched_at from raw.pages p where {where} order by p.fetched_at, p.page_id", values
    ).fetchall()
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        rows = conn.execute(
            f"select {_COLUMNS} from raw.pages where page_id = any(%s) and fetched_at between %s and %s"
            " order by fetched_at, page_id",
            ([page_id for page_id, _ in chunk], chunk[0][1], chunk[-1][1]),
        ).fetchall()
        yield from map(_page, rows)


def _page(row: tuple[Any, ...]) -> tuple[int, RawPage]:
    (page_id, source, url, status, content_type, body, body_bytes, fetched_at, watch_id, page_number, duration_ms) = row
    return page_id, RawPage(
        source=source,
        url=url,
        status=status,
        content_type=content_type,
        body=zstandard.ZstdDecompressor().decompress(body, max_output_size=max(body_bytes, 1)),
        fetched_at=fetched_at,
        watch_id=watch_id,
        page_number=page_number,
        duration_ms=duration_ms,
    )


class _Stored(NamedTuple):
    """What a page is stored as; the first four make its identity."""

    source: str
    url: str
    fetched_at: datetime
    sha256: bytes


def _insert(conn: psycopg.Connection, pages: Sequence[RawPage], origin: str, run_id: str | None) -> list[int]:
    """Look the pages up by their digest, then COPY those not stored yet; return all ids.

    Raises:
        psycopg.errors.UniqueViolation: another process stored one of them in between.
    """
    wanted = [
        _Stored(page.source, storable(page.url), page.fetched_at, hashlib.sha256(page.body).digest()) for page in pages
    ]
    first: dict[_Stored, int] = {}
    for place, one in enumerate(wanted):
        first.setdefault(one, place)
    found = conn.execute(
        _LOOK_UP,
        {
            "source": [one.source for one in first],
            "url": [one.url for one in first],
            "fetched_at": [one.fetched_at for one in first],
            "sha256": [one.sha256 for one in first],
        },
        # A plan kept from when the table was small would read it whole ever after.
        prepare=False,
    ).fetchall()
    ids = {one: page_id for one, (page_id, _) in zip(first, found, strict=True)}
    new = [(one, pages[place]) for (one, place), (_, is_new) in zip(first.items(), found, strict=True) if is_new]
    if new:
        with conn.cursor().copy(f"copy raw.pages ({', '.join(_TYPES)}) from stdin (format binary)".encode()) as copy:
            copy.set_types(list(_TYPES.values()))
            for (one, page), body in zip(new, _compressed([page.body for _, page in new]), strict=True):
                copy.write_row(
                    (
                        ids[one],
                        one.source,
                        one.url,
                        one.fetched_at,
                        utc_day(one.fetched_at),
                        page.watch_id,
                        page.page_number,
                        page.status,
                        storable(page.content_type),
                        page.duration_ms,
                        origin,
                        run_id,
                        one.sha256,
                        len(page.body),
                        body,
                    )
                )
    return [ids[one] for one in wanted]


def _compressed(bodies: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the bodies compressed; many at once on several cores, while those before are sent."""
    if len(bodies) == 1 or sum(map(len, bodies)) < _WORTH_THREADS:
        yield from map(_compress, bodies)
        return
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        yield from pool.map(_compress, bodies)


def _compress(body: bytes) -> bytes:
    # On whole pages of 96 items level 1 is faster and smaller; on small ones level 3 saves 2 % (benchmarks.store).
    return zstandard.ZstdCompressor(level=1).compress(body)


_TYPES = {
    "page_id": "int8",
    "source": "text",
    "url": "text",
    "fetched_at": "timestamptz",
    "day": "date",
    "watch_id": "int8",
    "page_number": "int2",
    "status": "int2",
    "content_type": "text",
    "duration_ms": "int4",
    "origin": "text",
    "run_id": "text",
    "sha256": "bytea",
    "body_bytes": "int4",
    "body": "bytea",
}
# A page that is not stored yet gets its id here. The limit keeps this a look-up by the whole key.
_LOOK_UP = """
select coalesce(p.page_id, nextval('raw.pages_page_id_seq')), p.page_id is null
from unnest(%(source)s::text[], %(url)s::text[], %(fetched_at)s::timestamptz[], %(sha256)s::bytea[])
     with ordinality as w (source, url, fetched_at, sha256, ordinal)
left join lateral (
    select page_id from raw.pages
    where source = w.source and sha256 = w.sha256 and fetched_at = w.fetched_at and md5(url) = md5(w.url) limit 1
) p on true
order by w.ordinal
"""
