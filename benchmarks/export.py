"""How fast the history leaves the database, beside the limit: raw COPY of the same rows to a file.

Run: ``python -m benchmarks.export [rows]``, a year of daily rows over 20 sources (1,000,000; 9,100,000 is brief 004's
year). Prints rows a second and ratios measured in one run on the embedded server, bytes a row, and the most memory that
this process held while exporting. Archive, backup and restore are beside what they cannot do without.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import psycopg

from warehouse.archive import archive_partition
from warehouse.backup import backup, restore
from warehouse.connect import DatabaseUrl, connect, ensure_database
from warehouse.embedded import EmbeddedServer
from warehouse.migrate import upgrade
from warehouse.open_data import ExportResult, export
from warehouse.open_tables import OWN_TABLES
from warehouse.partitions import ensure_partitions
from warehouse.pg_tools import find_tool, run_tool

_T = TypeVar("_T")
_DAYS = 365
_SOURCES = 20
_FIRST = date(2025, 1, 1)
_COLUMNS = "listing_id, observed_at, price_minor, total_minor, currency, availability"


def main() -> None:
    """Measure and print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="pricescope-bench-") as folder:
        server = EmbeddedServer(Path(folder) / "home")
        server.start()
        try:
            _measure(DatabaseUrl.parse(server.url("bench")), rows, Path(folder))
        finally:
            server.stop()


def _measure(url: DatabaseUrl, wanted: int, folder: Path) -> None:
    ensure_database(url)
    upgrade(url)
    with connect(url, statement_timeout_ms=0) as conn:
        rows = _fill(conn, wanted)
        print(f"{rows:,} rows of history, {rows // _DAYS:,} listings, {_SOURCES} sources, 12 months")
        table = _one(conn, "select sum(pg_table_size(inhrelid)) from pg_inherits where inhparent = %s::regclass")
        indexes = _one(conn, "select sum(pg_indexes_size(inhrelid)) from pg_inherits where inhparent = %s::regclass")

        export(conn, folder / "open", tables=["products"])  # the imports are paid once
        before = _peak_megabytes()
        result, seconds = _timed(lambda: export(conn, folder / "open", tables=["price_history"]))
        peak = _peak_megabytes()
        query = OWN_TABLES[0].query(None).as_string(conn)
        _, raw = _timed(lambda: _copy(conn, query, folder / "sorted.csv"))
        _, bare = _timed(lambda: _copy(conn, f"select {_COLUMNS} from core.price_history", folder / "bare.csv"))
        _line("export of price_history to Parquet", rows, seconds, raw)
        _line("raw COPY of the same query to a file", rows, raw, raw)
        _line("raw COPY of the bare table to a file", rows, bare, raw)
        month, seconds = _timed(lambda: _pandas(conn, folder))
        _line("pandas.read_sql and to_parquet, a month", month, seconds, raw * month / rows)
        _print_sizes(result, rows, folder, table + indexes)
        print(f"memory of this process: {before:,.0f} MB before, at most {peak:,.0f} MB while exporting")

        archived, seconds = _timed(lambda: archive_partition(conn, "core.price_history", _FIRST, folder / "archive"))
        limit = raw * archived.rows / rows
        _line("archive of a month, read back and proved", archived.rows, seconds, limit)
    _backup(url, rows, folder)


def _backup(url: DatabaseUrl, rows: int, folder: Path) -> None:
    tool = find_tool("pg_dump", 18)
    arguments = ["--format=custom", "--compress=1", "--file", folder / "peer.dump"]
    _, peer = _timed(lambda: run_tool(tool, arguments, url))
    (path, note), seconds = _timed(lambda: backup(url, folder / "bench.dump", now=datetime.now(UTC)))
    back = url.with_database("bench_back")
    _, restored = _timed(lambda: restore(back, path))
    print(f"backup: {note.bytes / rows:.1f} B a row")
    _line("pg_dump alone", note.rows, peer, peer)
    _line("backup with the digests of all rows", note.rows, seconds, peer)
    _line("restore, every row compared", note.rows, restored, peer)


def _fill(conn: psycopg.Connection, wanted: int) -> int:
    listings = max(1, wanted // _DAYS)
    ensure_partitions(conn, _FIRST, date(2025, 12, 31))
    conn.execute(
        "insert into core.listing_details (source, external_id, url, title, condition, first_seen_at)"
        " select 'source' || lpad((n %% %s)::text, 2, '0'), (8000000000 + n)::text, 'https://example.org/' || n,"
        " 'Thing ' || n, 'good', %s from generate_series(1, %s) n",
        (_SOURCES, _FIRST, listings),
    )
    conn.execute(
        "insert into core.listing_state (listing_id, content_hash, price_minor, currency, availability, last_seen_at,"
        " last_page_id, price_changed_at, price, last_changed_at, shown_page_id)"
        " select listing_id, '', 1000, 'EUR', 'available', first_seen_at, 1, first_seen_at, 10, first_seen_at, 1"
        " from core.listing_details"
    )
    # A price moves about every tenth day; a third of the listings has no total.
    conn.execute(
        f"insert into core.price_history ({_COLUMNS}) select listing_id, day + listing_id * interval '1.7 seconds', p,"
        " case when listing_id %% 3 > 0 then p + 170 end, 'EUR', 'available'"
        " from generate_series(%s::timestamptz, '2025-12-31', '1 day') day, core.listings,"
        " lateral (select 500 + (listing_id * 7919 + (extract(doy from day)::int / 10) * 31) %% 20000 as p) prices",
        (_FIRST,),
    )
    conn.execute("vacuum analyze core.price_history")
    conn.execute("analyze core.listing_details, core.listing_state")
    return listings * _DAYS


def _copy(conn: psycopg.Connection, query: str, path: Path) -> None:
    with path.open("wb") as file, conn.cursor().copy(f"copy ({query}) to stdout (format csv)".encode()) as copy:
        for piece in copy:
            file.write(piece)


def _pandas(conn: psycopg.Connection, folder: Path) -> int:
    import pandas as pd  # noqa: PLC0415 - after the memory was read

    frame = pd.read_sql(
        f"select {_COLUMNS} from core.price_history where observed_at < '2025-02-01' order by 1, 2",
        conn,  # type: ignore[call-overload]  # any DB-API connection does, with a warning
    )
    frame.to_parquet(folder / "pandas.parquet", compression="zstd")
    return len(frame)


def _print_sizes(result: ExportResult, rows: int, folder: Path, database: float) -> None:
    csv = (folder / "sorted.csv").stat().st_size
    print(
        f"bytes a row: {result.bytes / rows:.2f} Parquet in {result.files} files, {csv / rows:.1f} CSV,"
        f" {database / rows:.1f} in the database with indexes"
    )


def _one(conn: psycopg.Connection, query: str) -> float:
    row = conn.execute(query, ("core.price_history",)).fetchone()
    return float(row[0]) if row else 0.0


def _timed(action: Callable[[], _T]) -> tuple[_T, float]:
    began = time.perf_counter()
    done = action()
    return done, time.perf_counter() - began


def _line(name: str, rows: int, seconds: float, limit: float) -> None:
    print(f"{name:42} {rows / seconds:12,.0f} rows/s {seconds:8.2f} s {limit / seconds:6.2f} x the limit")


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
