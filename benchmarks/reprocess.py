"""Claim: a past day of 25,000 stored pages is read again in under two minutes, whatever the parser's change.

Run: ``python -m benchmarks.reprocess [--pages 25000]``. One UTC day on an embedded server (fsync on): products of Uzum,
eBay and Etsy as single JSON pages, each checked three or four times, one in twenty at another price; and searches of
Vinted of 96 items each, about one page in a hundred. The pages come from the sandbox; for more products the ids in
eBay's and Etsy's pages are exchanged.

Measured beside the limits of the same run, which no reading can beat: the stored pages brought back and decompressed,
and parsed, with nothing loaded.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import psycopg
from pydantic import SecretStr

from domain.page import RawPage
from domain.settings import Settings
from pipeline.read import read_day
from pipeline.reprocess import try_again
from sandbox.server import SandboxServer
from sandbox.sites import demo_watches
from scrapers.contract import ItemSource, Query
from scrapers.registry import create_source
from warehouse.connect import DatabaseUrl, connect, ensure_database
from warehouse.digest import table_digests
from warehouse.embedded import EmbeddedServer
from warehouse.known import known_listings
from warehouse.migrate import upgrade
from warehouse.pages import pages_of_day, store_pages
from warehouse.partitions import ensure_partitions

DAY = date(2026, 3, 10)
START = datetime(2026, 3, 10, tzinfo=UTC)
SOURCES = ("ebay", "etsy", "uzum", "vinted")
_SAMPLES = 40
_DATA = ("core.listings", "core.listing_state", "core.price_history", "core.stock_history", "core.sellers")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=25_000)
    total = parser.parse_args().pages
    with tempfile.TemporaryDirectory(prefix="pricescope-bench-") as folder:
        home = Path(folder)
        settings = _settings(home, None)
        pages = list(_day(home, total))
        server = EmbeddedServer(home / "db")
        server.start()
        try:
            url = DatabaseUrl.parse(server.url("bench"))
            ensure_database(url)
            upgrade(url)
            with connect(url, statement_timeout_ms=0) as conn:
                ensure_partitions(conn, DAY, DAY)
                _timed("storing the pages", len(pages), lambda: _store(conn, pages))
                pages.clear()
                _measure(conn, settings, total)
        finally:
            server.stop()


def _measure(conn: psycopg.Connection, settings: Settings, total: int) -> None:
    _timed("limit: pages brought back, decompressed", total, lambda: _read_back(conn))
    _timed("limit: brought back and parsed", total, lambda: _parse(conn, settings))
    _timed("first reading", total, lambda: _read(conn, settings, again=False))
    conn.execute("vacuum (analyze)")
    (listings, history) = conn.execute(
        "select (select count(*) from core.listings), (select count(*) from core.price_history)"
    ).fetchone() or (0, 0)
    print(f"  ({listings:,} listings, {history:,} rows of history)")
    before = table_digests(conn, _DATA)
    for name, undo in (
        ("again, nothing changed", None),
        ("again, one field of every listing changed", _other_brand),
        ("again, a fifth of the prices were misread", _other_prices),
    ):
        if undo is not None:
            undo(conn)
        conn.execute("checkpoint")
        _timed(f"trial: {name}", total, lambda: _try(conn, settings))
        _timed(f"kept:  {name}", total, lambda: _read(conn, settings, again=True))
        assert table_digests(conn, _DATA) == before, f"{name}: the tables differ from what the first reading made"


def _other_brand(conn: psycopg.Connection) -> None:
    """Leave what a parser would have left that took another field for the brand."""
    _rehash(conn, "update core.listing_details set brand = 'as read before' returning listing_id")


def _other_prices(conn: psycopg.Connection) -> None:
    """Leave what a parser would have left that misread a fifth of the prices, alike on all pages."""
    fifth = "where listing_id % 5 = 0"
    conn.execute(f"update core.price_history set price_minor = price_minor + 100 {fifth}")
    _rehash(
        conn,
        f"update core.listing_state set price = price + 1, price_minor = price_minor + 100 {fifth}"
        " returning listing_id",
    )


def _rehash(conn: psycopg.Connection, update: str) -> None:
    ids = [listing_id for (listing_id,) in conn.execute(update).fetchall()]
    hashes = {number: known.listing.content_hash() for number, known in known_listings(conn, ids).items()}
    conn.execute(
        "update core.listing_state s set content_hash = n.content_hash"
        " from unnest(%s::bigint[], %s::bytea[]) as n (listing_id, content_hash) where s.listing_id = n.listing_id",
        (list(hashes), list(hashes.values())),
    )


def _timed(name: str, total: int, action: Callable[[], object]) -> None:
    began = time.perf_counter()
    action()
    seconds = time.perf_counter() - began
    print(f"{name:52} {seconds:8.1f} s {total / seconds:10,.0f} pages/s", flush=True)


def _store(conn: psycopg.Connection, pages: Sequence[RawPage]) -> None:
    for first in range(0, len(pages), 200):
        store_pages(conn, pages[first : first + 200])


def _read_back(conn: psycopg.Connection) -> None:
    for source in SOURCES:
        for _ in pages_of_day(conn, source, DAY):
            pass


def _parse(conn: psycopg.Connection, settings: Settings) -> None:
    for name in SOURCES:
        source = create_source(name, settings)
        for _, page in pages_of_day(conn, name, DAY):
            for listing in source.read(page).listings:
                listing.content_hash()


def _read(conn: psycopg.Connection, settings: Settings, *, again: bool) -> None:
    for name in SOURCES:
        read_day(conn, settings, name, DAY, again=again)


def _try(conn: psycopg.Connection, settings: Settings) -> None:
    for name in SOURCES:
        try_again(conn, settings, name, [DAY])


# ---------------------------------------------------------------- the pages


def _settings(home: Path, sandbox_url: str | None) -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic's own keyword
        home=home,
        sandbox_url=sandbox_url,
        ebay_client_id="sandbox",
        ebay_client_secret=SecretStr("sandbox"),
        etsy_keystring="sandbox",
        etsy_shared_secret=SecretStr("sandbox"),
    )


def _day(home: Path, total: int) -> Iterator[RawPage]:
    """Yield the day's pages, times spread over it."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=30)
    with SandboxServer(seed=1, start=start, mail_dir=home / "mail") as server:
        settings = _settings(home, server.url)
        samples = asyncio.run(_samples(settings, server.url, total))
    searches = total // 100
    singles = total - searches
    made = 0
    for name, checks in (("ebay", 3), ("etsy", 3), ("uzum", 4)):
        wanted = singles // 3 if name != "uzum" else singles - made
        made += wanted
        products = -(-wanted // checks)
        for number in range(wanted):
            check, product = divmod(number, products)
            page = samples[name][product % len(samples[name])]
            body = page.body if name == "uzum" else _exchanged(name, page, product, check)
            yield _at(page, body, number / wanted)
    for number in range(searches):
        page = samples["vinted"][number % len(samples["vinted"])]
        yield _at(page, page.body, number / searches)


def _at(page: RawPage, body: bytes, part: float) -> RawPage:
    return msgspec.structs.replace(
        page, body=body, fetched_at=START + timedelta(seconds=round(86_000 * part, 3)), watch_id=None
    )


def _exchanged(name: str, page: RawPage, product: int, check: int) -> bytes:
    """Return the page with another product's id, and at its second check in twenty cases with another price."""
    found = re.search(rb'"(?:legacyItemId|listing_id)":\s*"?(\d+)', page.body)
    if found is None:
        raise RuntimeError(f"no id in {page.url}")
    body = page.body.replace(found[1], str(10 ** (len(found[1]) - 1) + product).encode())
    if check == 1 and product % 20 == 0:
        pattern = rb'("price":\s*{"value":\s*")(\d)' if name == "ebay" else rb'("price":\s*{"amount":\s*)(\d)'
        body = re.sub(pattern, rb"\g<1>1\g<2>", body, count=1)
    return body


async def _samples(settings: Settings, url: str, total: int) -> dict[str, list[RawPage]]:
    """Fetch what the day is made of."""
    samples: dict[str, list[RawPage]] = {}
    for name in SOURCES:
        source = create_source(name, settings)
        watch = next(watch for watch in demo_watches(url) if watch.source == name)
        parsed = source.parse_search_url(watch.url)
        try:
            if name == "uzum" and isinstance(source, ItemSource):
                fetched = [await source.fetch_item(str(number), "uz") for number in range(1, 2 + total // 12)]
                samples[name] = [page for page in fetched if page.status == 200]
                continue
            query = Query(country=parsed.country, params=parsed.params, max_pages=5)
            pages = [page async for page in source.fetch_search(query)]
            pages = [page for page in pages if source.read(page).listings]
            if name != "vinted" and isinstance(source, ItemSource):
                ids = [listing.external_id for listing in source.read(pages[0]).listings][:_SAMPLES]
                pages = [await source.fetch_item(item, parsed.country) for item in ids]
            samples[name] = pages
        finally:
            await source.aclose()
    return samples


if __name__ == "__main__":
    main()
