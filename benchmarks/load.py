"""How fast pages are loaded, beside the limit: raw COPY of the very same rows into the very same tables.

Run: ``python -m benchmarks.load [rows]``. Prints rows a second and ratios measured in one run, on the embedded
server with fsync on. A ratio says more than a second: machines differ, and so does their load.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median

import psycopg

from domain.condition import Condition
from domain.listing import Listing, Seller
from domain.page import PageMeaning, PageReading, RawPage
from warehouse.connect import DatabaseUrl, connect, ensure_database
from warehouse.embedded import EmbeddedServer
from warehouse.load import load_reading
from warehouse.migrate import upgrade
from warehouse.partitions import ensure_partitions

START = datetime(2026, 3, 10, 6, tzinfo=UTC)
REPETITIONS = 3
_LISTING_COLUMNS = (
    "listing_id, source, external_id, url, title, brand, size, condition, price, currency, fee, total_price,"
    " image_urls, seller_id, first_seen_at, last_changed_at, last_page_id"
)


def main() -> None:
    """Measure and print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory(prefix="pricescope-bench-") as folder:
        server = EmbeddedServer(Path(folder))
        server.start()
        try:
            _measure(DatabaseUrl.parse(server.url("bench")), rows)
        finally:
            server.stop()


def _measure(url: DatabaseUrl, rows: int) -> None:
    ensure_database(url)
    upgrade(url)
    listings = [_listing(number) for number in range(rows)]
    changed = [_listing(number, reduced=number % 20 == 0) for number in range(rows)]
    results: dict[str, list[float]] = {}
    wal: dict[str, list[float]] = {}
    with connect(url, statement_timeout_ms=0) as conn:
        ensure_partitions(conn, START.date(), START.date())
        for _ in range(REPETITIONS):
            for name, action in _actions(conn, listings, changed).items():
                if name.startswith(("raw", "first")):
                    conn.execute(
                        "truncate core.listings, core.sellers, core.price_history, core.stock_history,"
                        " ops.page_readings cascade"
                    )
                conn.execute("checkpoint")
                before = _wal(conn)
                began = time.perf_counter()
                action()
                results.setdefault(name, []).append(rows / (time.perf_counter() - began))
                wal.setdefault(name, []).append((_wal(conn) - before) / rows)
    limit = median(results["raw COPY into the four tables"])
    print(f"{rows} rows, median of {REPETITIONS}; embedded PostgreSQL, fsync on")
    for name, figures in results.items():
        print(
            f"{name:38} {median(figures):10,.0f} rows/s  {median(figures) / limit:5.2f} x raw COPY"
            f"  {median(wal[name]):7,.0f} B of WAL a row"
        )


def _actions(
    conn: psycopg.Connection, listings: Sequence[Listing], changed: Sequence[Listing]
) -> dict[str, Callable[[], None]]:
    return {
        "raw COPY into the four tables": lambda: _raw_copy(conn, listings),
        "first load, pages of 1,000": lambda: _load(conn, listings, 1000, 0),
        "check again, 5 % changed, pages of 1,000": lambda: _load(conn, changed, 1000, 1),
        "first load, pages of 96": lambda: _load(conn, listings, 96, 0),
        "check again, 5 % changed, pages of 96": lambda: _load(conn, changed, 96, 1),
    }


def _load(conn: psycopg.Connection, listings: Sequence[Listing], per_page: int, check: int) -> None:
    for number, first in enumerate(range(0, len(listings), per_page)):
        page_id = 1 + number + check * len(listings)
        at = START + timedelta(hours=check, seconds=number)
        page = RawPage(source="vinted", url="https://x", status=200, content_type="", body=b"", fetched_at=at)
        reading = PageReading(meaning=PageMeaning.OK, listings=tuple(listings[first : first + per_page]))
        load_reading(conn, page_id, page, reading, parser_version=1)


def _raw_copy(conn: psycopg.Connection, listings: Sequence[Listing]) -> None:
    """The limit: nothing is looked up, nothing is compared; text prepared beforehand would be no loader."""
    with conn.transaction():
        sellers = [("vinted", str(n), f"login{n}", False, START, START, n + 1) for n in range(len(listings) // 4 + 1)]
        _copy(
            conn,
            "core.sellers (source, external_id, login, is_business, first_seen_at, last_seen_at, seller_id)",
            sellers,
        )
        _copy(
            conn,
            f"core.listings ({_LISTING_COLUMNS})",
            (
                (
                    n + 1, item.source, item.external_id, item.url, item.title, item.brand, item.size,
                    str(item.condition), item.price, item.currency, item.fee, item.total_price,
                    list(item.image_urls), n // 4 + 1, START, START, 1,
                )
                for n, item in enumerate(listings)
            ),
        )  # fmt: skip
        _copy(
            conn,
            "core.listing_state (listing_id, content_hash, price_minor, total_minor, currency, availability,"
            " last_seen_at, last_page_id, price_changed_at)",
            (
                (n + 1, b"0123456789abcdef", int(item.price * 100), 0, "EUR", "available", START, 1, START)
                for n, item in enumerate(listings)
            ),
        )
        _copy(
            conn,
            "core.price_history (listing_id, observed_at, price_minor, total_minor, currency, availability)",
            ((n + 1, START, int(item.price * 100), 0, "EUR", "available") for n, item in enumerate(listings)),
        )


def _copy(conn: psycopg.Connection, target: str, rows: object) -> None:
    with conn.cursor().copy(f"copy {target} from stdin".encode()) as copy:
        for row in rows:  # type: ignore[attr-defined]  # any iterable of tuples
            copy.write_row(row)


def _wal(conn: psycopg.Connection) -> float:
    row = conn.execute("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
    return float(row[0]) if row else 0.0


def _listing(number: int, *, reduced: bool = False) -> Listing:
    price = Decimal(500 + number * 7919 % 20_000 - (100 if reduced else 0)) / 100
    return Listing(
        source="vinted",
        external_id=str(8_000_000_000 + number),
        url=f"https://www.vinted.fr/items/{8_000_000_000 + number}-wool-coat",
        title=f"Wool coat number {number}, worn twice, très bon état",
        price=price,
        currency="EUR",
        fee=Decimal("1.20"),
        total_price=price + Decimal("1.20"),
        brand="Arket",
        size="M / 38 / 10",
        condition=Condition.VERY_GOOD,
        image_urls=(f"https://images1.vinted.net/t/03_0192f_{number:032x}/f800/1773130000.jpeg?s={number:040x}",),
        seller=Seller(external_id=str(number // 4), login=f"login{number // 4}", is_business=False),
        favourite_count=number % 40,
    )


if __name__ == "__main__":
    main()
