"""Claim: raw pages are stored at 50,000 items a second and more, within sight of COPY of the very same bytes.

Run: ``PRICESCOPE_FIXTURES=... python -m benchmarks.store [--items 100000]``. Stores pages in batches as a poll or a
scan does (hashed, compressed, the same page never twice), beside COPY of the rows made beforehand into the very same
table with its indexes, and beside the CPU that hashing and compressing take alone; fsync is on; the ways take turns.

Pages are those recorded of Vinted, eBay and Reddit, made different from each other by a number added to their bytes,
and those of a search in the sandbox's Vinted, which need no recordings.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import re
import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import msgspec
import orjson
import psycopg
import zstandard

from benchmarks.fixtures import fixture
from domain.page import RawPage
from domain.settings import Settings
from sandbox.server import SandboxServer
from sandbox.sites import demo_watches
from scrapers.contract import Query
from scrapers.registry import create_source
from warehouse.connect import DatabaseUrl, connect, ensure_database
from warehouse.embedded import EmbeddedServer
from warehouse.migrate import upgrade
from warehouse.pages import store_pages
from warehouse.partitions import ensure_partitions

START = datetime(2026, 3, 10, tzinfo=UTC)
TURNS = 3
BATCH = 50
PER_PAGE = 96
_BYTES = 300_000_000
_COLUMNS = "page_id, source, url, fetched_at, day, status, content_type, origin, sha256, body_bytes, body"
_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000, help="items to store of each source, at most 300 MB")
    wanted = parser.parse_args().items
    with tempfile.TemporaryDirectory(prefix="pricescope-bench-") as folder:
        samples = {**_recorded(Path(folder)), **_sandbox(Path(folder))}
        server = EmbeddedServer(Path(folder) / "db")
        server.start()
        try:
            url = DatabaseUrl.parse(server.url("bench"))
            ensure_database(url)
            upgrade(url)
            with connect(url, statement_timeout_ms=0) as conn:
                ensure_partitions(conn, START.date(), START.date())
                for name, pages in samples.items():
                    _measure(conn, name, pages, wanted)
        finally:
            server.stop()


def _measure(conn: psycopg.Connection, name: str, samples: Sequence[tuple[RawPage, int]], wanted: int) -> None:
    pages, items = _copies(samples, wanted)
    rows = [_row(number, page) for number, page in enumerate(pages, start=1)]
    ways: dict[str, Callable[[], None]] = {
        "COPY of rows made before, the limit": lambda: _raw_copy(conn, rows),
        f"stored, batches of {BATCH}": lambda: _store(conn, pages, BATCH),
        "stored again: known already": lambda: _store(conn, pages, BATCH),
        "hashing and compressing alone": lambda: _compress(pages),
        "stored one by one, as a poll does": lambda: _store(conn, pages[: len(pages) // 4], 1),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    size = 0
    for _ in range(TURNS):
        for way, action in ways.items():
            if "again" not in way:
                conn.execute("truncate raw.pages")
            conn.execute("checkpoint")
            began = time.perf_counter()
            action()
            seconds[way].append(time.perf_counter() - began)
            if way.startswith("stored, "):
                size = _size(conn, len(pages))
    plain, packed = (
        sum(part) for part in zip(*((len(page.body), len(_pack(page))) for page, _ in samples), strict=True)
    )
    recorded = sum(found for _, found in samples)
    print(
        f"{name}: {len(samples)} pages of {recorded} items: {plain / recorded:,.0f} B an item as sent,"
        f" {packed / recorded:,.0f} B stored ({packed / plain:.1%}); {len(pages):,} pages of {items:,} items,"
        f" {size / items:,.0f} B an item on disk with indexes; median of {TURNS}"
    )
    limit = items / median(seconds["COPY of rows made before, the limit"])
    for way, took in seconds.items():
        rate = (items / 4 if "one by one" in way else items) / median(took)
        print(f"  {way:40} {rate:12,.0f} items/s {rate / limit:6.2f} x COPY")


def _store(conn: psycopg.Connection, pages: Sequence[RawPage], batch: int) -> None:
    for first in range(0, len(pages), batch):
        store_pages(conn, pages[first : first + batch])


def _size(conn: psycopg.Connection, expected: int) -> int:
    (count,) = conn.execute("select count(*) from raw.pages").fetchone() or (0,)
    assert count == expected, f"{count} pages are stored, not {expected}"
    (size,) = conn.execute(
        "select sum(pg_total_relation_size(relid)) from pg_partition_tree('raw.pages') where isleaf"
    ).fetchone() or (0,)
    return int(size)


def _compress(pages: Sequence[RawPage]) -> None:
    for page in pages:
        hashlib.sha256(page.body).digest()
        _pack(page)


_compressor = zstandard.ZstdCompressor(level=1)


def _pack(page: RawPage) -> bytes:
    return _compressor.compress(page.body)


# ---------------------------------------------------------------- the limit: binary COPY, rendered before


def _raw_copy(conn: psycopg.Connection, rows: Sequence[bytes]) -> None:
    for first in range(0, len(rows), BATCH):
        with conn.cursor().copy(f"copy raw.pages ({_COLUMNS}) from stdin (format binary)".encode()) as copy:
            copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
            for row in rows[first : first + BATCH]:
                copy.write(row)
            copy.write(b"\xff\xff")


def _row(number: int, page: RawPage) -> bytes:
    since = page.fetched_at - _POSTGRES_EPOCH
    fields = (
        struct.pack("!q", number),
        page.source.encode(),
        page.url.encode(),
        struct.pack("!q", since // timedelta(microseconds=1)),
        struct.pack("!i", since.days),
        struct.pack("!h", page.status),
        page.content_type.encode(),
        b"fetch",
        hashlib.sha256(page.body).digest(),
        struct.pack("!i", len(page.body)),
        _pack(page),
    )
    return struct.pack("!h", len(fields)) + b"".join(struct.pack("!i", len(field)) + field for field in fields)


# ---------------------------------------------------------------- the pages


def _copies(samples: Sequence[tuple[RawPage, int]], wanted: int) -> tuple[list[RawPage], int]:
    """Return the pages over and over, each with other bytes at its end, and how many items they hold."""
    pages: list[RawPage] = []
    items = size = 0
    while items < wanted and size < _BYTES:
        page, found = samples[len(pages) % len(samples)]
        body = page.body + f"\n{len(pages):09}".encode()
        at = START + timedelta(milliseconds=len(pages))
        pages.append(msgspec.structs.replace(page, body=body, fetched_at=at, watch_id=None))
        items, size = items + found, size + len(body)
    return pages, items


def _recorded(home: Path) -> dict[str, list[tuple[RawPage, int]]]:
    settings = Settings(_env_file=None, home=home)  # type: ignore[call-arg]  # pydantic's own keyword
    found: dict[str, list[tuple[RawPage, int]]] = {}
    for name in ("vinted", "ebay", "reddit"):
        folder = fixture(name)
        if folder is None:
            continue
        source = create_source(name, settings)
        pages = [source.recorded_page(path.read_bytes(), fetched_at=START) for path in sorted(folder.iterdir())]
        read = [(page, len(source.read(page).listings)) for page in pages]
        found[f"{name}, as recorded"] = [(page, items) for page, items in read if items]
    if "vinted, as recorded" in found:
        found["vinted, recorded items 96 to a page"] = [
            (grown, PER_PAGE) for page, items in found["vinted, as recorded"] if items > 1 for grown in _grown(page)
        ]
    return found


def _grown(page: RawPage) -> Iterator[RawPage]:
    """Yield a recorded search page with as many items as the site sends, each with other numbers in it."""
    if not page.body.lstrip().startswith(b"{"):
        return
    whole = orjson.loads(page.body)
    items = [orjson.dumps(item) for item in whole["items"]]
    dice = random.Random(1)  # noqa: S311 - reproducible, not secret
    made = [
        re.sub(rb"\d{5,}", lambda digits: str(dice.randrange(10 ** len(digits[0]))).encode(), items[place % len(items)])
        for place in range(PER_PAGE)
    ]
    head = orjson.dumps({**whole, "items": []})
    yield msgspec.structs.replace(page, body=head.replace(b'"items":[]', b'"items":[' + b",".join(made) + b"]"))


def _sandbox(home: Path) -> dict[str, list[tuple[RawPage, int]]]:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=30)
    with SandboxServer(seed=1, start=start, mail_dir=home / "mail") as server:
        settings = Settings(_env_file=None, home=home, sandbox_url=server.url)  # type: ignore[call-arg]  # the same
        pages = asyncio.run(_search(settings, server.url))
    return {"vinted, the sandbox's": pages}


async def _search(settings: Settings, url: str) -> list[tuple[RawPage, int]]:
    source = create_source("vinted", settings)
    watch = next(watch for watch in demo_watches(url) if watch.source == "vinted")
    parsed = source.parse_search_url(watch.url)
    try:
        query = Query(country=parsed.country, params=parsed.params, max_pages=3)
        pages = [(page, len(source.read(page).listings)) async for page in source.fetch_search(query)]
    finally:
        await source.aclose()
    return [(page, items) for page, items in pages if items]


if __name__ == "__main__":
    main()
