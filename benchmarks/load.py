"""How fast listings are loaded, beside the limit and beside the usual ways, in one run on the embedded server.

Run: ``python -m benchmarks.load [rows]`` (100,000 without, some three minutes). The limit is COPY of the very same
rows, rendered beforehand, into the very same tables with all their indexes; fsync is on, a checkpoint precedes each
measurement, and each load is checked by a count. The peers load the listings' table only, which is less than the loader
does; SQLAlchemy's merge is measured for the loader's tables, too.

Two shapes: ``full``, a record of 2.1 kB with description and six photos, and ``card``, what a search page shows.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import TypeVar

import msgspec
import psycopg
import sqlalchemy as sa
from sqlalchemy import orm

from domain.condition import Condition
from domain.listing import Listing, Seller
from domain.page import PageMeaning, PageReading, RawPage
from pipeline.read import TURN_PAGES
from warehouse import tables
from warehouse.completion import Completed
from warehouse.connect import DatabaseUrl, connect, ensure_database
from warehouse.embedded import EmbeddedServer
from warehouse.listing_rows import DETAIL_COLUMNS, STATE_COLUMNS, NewListing, detail_line, state_line
from warehouse.migrate import upgrade
from warehouse.partitions import ensure_partitions
from warehouse.reread import ReadPage, load_pages

START = datetime(2026, 3, 10, 6, tzinfo=UTC)
REPETITIONS = 3
_FIRST = "first load, pages of 1,000"
_AGAIN = "check again, 5 % changed, pages of 1,000"
_TABLES = "core.listing_details, core.sellers, core.price_history, core.stock_history, ops.page_readings"
_Values = dict[str, object]
_Row = TypeVar("_Row")
_WORDS = [
    "warm",
    "wool",
    "coat",
    "worn",
    "twice",
    "no",
    "flaws",
    "dark",
    "blue",
    "size",
    "medium",
    "slim",
    "cut",
    "from",
    "a",
    "smoke",
    "free",
    "home",
    "ships",
    "tomorrow",
    "see",
    "all",
    "photos",
    "for",
    "details",
    "lining",
    "intact",
    "two",
    "pockets",
    "with",
    "the",
    "original",
    "belt",
    "and",
    "spare",
    "buttons",
]


@dataclass(frozen=True)
class Figure:
    """One measurement: rows a second, and bytes of write-ahead log a row."""

    rows_a_second: float
    wal: float


def main() -> None:
    """Measure and print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(prefix="pricescope-bench-") as folder:
        server = EmbeddedServer(Path(folder))
        server.start()
        try:
            url = DatabaseUrl.parse(server.url("bench"))
            ensure_database(url)
            upgrade(url)
            with connect(url, statement_timeout_ms=0) as conn:
                ensure_partitions(conn, START.date(), START.date())
                ours = _measure(conn, "full", rows)
                _print("full", rows, ours)
                _print("card", rows, _measure(conn, "card", rows))
                _print_peers(ours, _peers(conn, url, rows))
        finally:
            server.stop()


# ---------------------------------------------------------------- ours and the limit


def _measure(conn: psycopg.Connection, shape: str, rows: int) -> dict[str, list[Figure]]:
    make = _full if shape == "full" else _card
    listings = [make(number) for number in range(rows)]
    changed = [make(number, reduced=number % 20 == 0) for number in range(rows)]
    rendered = _rendered(listings)
    actions: dict[str, Callable[[], None]] = {
        "raw COPY of the same rows, rendered before": lambda: _raw_copy(conn, rendered),
        _FIRST: lambda: _load(conn, listings, 1000, 0),
        _AGAIN: lambda: _load(conn, changed, 1000, 1),
        "full upsert of the same, staged": lambda: _upsert(conn, rendered),
        "first load, pages of 96": lambda: _load(conn, listings, 96, 0),
        "check again, 5 % changed, pages of 96": lambda: _load(conn, changed, 96, 1),
    }
    results: dict[str, list[Figure]] = {name: [] for name in actions}
    for _ in range(REPETITIONS):
        for name, action in actions.items():
            if name.startswith(("raw", "first")):
                conn.execute(f"truncate {_TABLES} cascade")
            results[name].append(_timed(conn, rows, action))
            _verify(conn, rows)
    return results


def _print(shape: str, rows: int, results: dict[str, list[Figure]]) -> None:
    limit = median(figure.rows_a_second for figure in next(iter(results.values())))
    upsert = median(figure.wal for figure in results["full upsert of the same, staged"])
    print(f"{shape}: {rows:,} rows, median of {REPETITIONS}; embedded PostgreSQL, fsync on")
    for name, figures in results.items():
        speed, wal = median(one.rows_a_second for one in figures), median(one.wal for one in figures)
        print(
            f"  {name:44} {speed:10,.0f} rows/s  {speed / limit:5.2f} x raw COPY"
            f"  {wal:7,.0f} B of WAL a row, {wal / upsert:4.0%} of the full upsert's"
        )


def _print_peers(ours: dict[str, list[Figure]], peers: dict[str, Figure]) -> None:
    print("peers, full records; how many times as fast the loader is in pages of 1,000")
    for name, figure in peers.items():
        loader = ours[_FIRST if ", first " in name else _AGAIN]
        times = median(one.rows_a_second for one in loader) / figure.rows_a_second
        print(
            f"  {name:66} {figure.rows_a_second:10,.0f} rows/s  {figure.wal:7,.0f} B of WAL a row"
            f"  the loader {times:5.1f} x"
        )


def _timed(conn: psycopg.Connection, rows: int, action: Callable[[], object]) -> Figure:
    conn.execute("checkpoint")
    gc.collect()
    before, began = _wal(conn), time.perf_counter()
    action()
    return Figure(rows / (time.perf_counter() - began), (_wal(conn) - before) / rows)


def _verify(conn: psycopg.Connection, rows: int) -> None:
    """Count what was loaded; reading it also sets the hint bits, so that the next measurement does not pay for them."""
    for table in ("core.listing_details", "core.listing_state"):
        (found,) = conn.execute(f"select count(*) from {table}").fetchone() or (0,)
        assert found == rows, f"{table} holds {found} rows, not {rows}"
    conn.execute(f"vacuum (analyze) {_TABLES}, core.listing_state")


def _load(conn: psycopg.Connection, listings: Sequence[Listing], per_page: int, check: int) -> None:
    """Load as reading a day does: some pages a transaction, the next page prepared meanwhile."""
    pages = []
    for number, first in enumerate(range(0, len(listings), per_page)):
        at = START + timedelta(hours=check, seconds=number)
        page = RawPage(source="vinted", url="https://x", status=200, content_type="", body=b"", fetched_at=at)
        reading = PageReading(meaning=PageMeaning.OK, listings=tuple(listings[first : first + per_page]))
        pages.append(ReadPage(1 + number + check * len(listings), page, reading))
    for turn in range(0, len(pages), TURN_PAGES):
        with conn.transaction():
            for _ in load_pages(conn, pages[turn : turn + TURN_PAGES], parser_version=1):
                pass


def _rendered(listings: Sequence[Listing]) -> dict[str, bytes]:
    """Return the rows of each table as COPY text: the limit renders, looks up and compares nothing."""
    at = str(START)
    wide, state, history = [], [], []
    for n, item in enumerate(listings, start=1):
        cents = int(item.price * 100)
        total = int((item.total_price or 0) * 100)
        priced = f"{cents}\t{total}\tEUR\tavailable"
        wide.append(detail_line(n, Completed(item), (n - 1) // 4 + 1, at))
        state.append(state_line(NewListing(n, Completed(item), item.content_hash(), None, None), at, 1))
        history.append(f"{n}\t{at}\t{priced}")
    sellers = [f"{n + 1}\tvinted\t{n}\tlogin{n}\tf\t{at}\t{at}" for n in range(len(listings) // 4 + 1)]
    return {
        target: ("\n".join(lines) + "\n").encode()
        for target, lines in (
            ("core.sellers (seller_id, source, external_id, login, is_business, first_seen_at, last_seen_at)", sellers),
            (f"core.listing_details ({DETAIL_COLUMNS})", wide),
            (f"core.listing_state ({STATE_COLUMNS})", state),
            (
                "core.price_history (listing_id, observed_at, price_minor, total_minor, currency, availability)",
                history,
            ),
        )
    }


def _raw_copy(conn: psycopg.Connection, rendered: dict[str, bytes]) -> None:
    with conn.transaction():
        for target, data in rendered.items():
            _copy(conn, target, data)


def _copy(conn: psycopg.Connection, target: str, data: bytes) -> None:
    with conn.cursor().copy(f"copy {target} from stdin".encode()) as copy:
        for start in range(0, len(data), 1 << 18):
            copy.write(data[start : start + (1 << 18)])


def _upsert(conn: psycopg.Connection, rendered: dict[str, bytes]) -> None:
    """Do what a loader without hashes does: stage everything, overwrite everything."""
    with conn.transaction():
        for target, data in rendered.items():
            table, _, columns = target.partition(" ")
            if table not in ("core.listing_details", "core.listing_state"):
                continue
            names = columns.strip("()").split(", ")
            conn.execute(f"create temp table staged (like {table} including defaults) on commit drop")
            _copy(conn, f"staged {columns}", data)
            key = "source, external_id" if table == "core.listing_details" else "listing_id"
            sets = ", ".join(f"{name} = excluded.{name}" for name in names if name != "listing_id")
            if table == "core.listing_state":
                conn.execute(
                    "update staged t set listing_id = l.listing_id from (select listing_id, row_number() over"
                    " (order by external_id) as n from core.listing_details) l where t.listing_id = l.n"
                )
            else:
                conn.execute("update staged set seller_id = null")
            conn.execute(
                f"insert into {table} ({', '.join(names)}) overriding system value"
                f" select {', '.join(names)} from staged on conflict ({key}) do update set {sets}"
            )
            conn.execute("drop table staged")


# ---------------------------------------------------------------- the usual ways


def _peers(conn: psycopg.Connection, url: DatabaseUrl, rows: int) -> dict[str, Figure]:
    listings = [_full(number) for number in range(rows)]
    records = [_record(n, item) for n, item in enumerate(listings, start=1)]
    few = records[: max(1_000, rows // 10)]
    engine = sa.create_engine(url.sqlalchemy, future=True)
    rows_of_all = [_rows_of_all(n, item) for n, item in enumerate(listings[: len(few)], start=1)]
    results = {}
    ways_by_name: dict[str, Callable[[], None]] = {
        "SQLAlchemy ORM merge, one table, commit per 1,000": lambda: _orm_merge(engine, _ListingRow, few),
        "SQLAlchemy ORM merge, the loader's tables, commit per 1,000": lambda: _orm_merge_all(engine, rows_of_all),
        "pandas.to_sql, one table (append, types given)": lambda: _to_sql(engine, few),
    }
    if importlib.util.find_spec("dlt") is None:
        print("dlt is not installed: pip install -e '.[bench]' to compare with it")
    else:
        ways_by_name["dlt merge by key, one table"] = lambda: _dlt(url, few)
    for name, ways in ways_by_name.items():
        conn.execute(f"truncate {_TABLES} cascade")
        for turn in ("first", "again"):
            if name.startswith("pandas") and turn == "again":
                continue
            results[f"{name}, {turn} ({len(few):,} rows)"] = _timed(conn, len(few), ways)
    engine.dispose()
    return results


class _Base(orm.DeclarativeBase):
    metadata = tables.metadata


class _ListingRow(_Base):
    __table__ = tables.listing_details


class _SellerRow(_Base):
    __table__ = tables.sellers


class _StateRow(_Base):
    __table__ = tables.listing_state


class _PriceRow(_Base):
    __table__ = tables.price_history


def _record(number: int, item: Listing) -> _Values:
    values = msgspec.structs.asdict(item)
    columns = {column.name for column in tables.listing_details.columns}
    record = {name: value for name, value in values.items() if name in columns}
    return {
        **record,
        "listing_id": number,
        "condition": str(item.condition),
        "price_kind": str(item.price_kind),
        "image_urls": list(item.image_urls),
        "attributes": {},
        "carried": [],
        "first_seen_at": START,
    }


def _rows_of_all(number: int, item: Listing) -> tuple[_Values, _Values, _Values, _Values]:
    """Return what the loader writes of a new listing: its seller, details, state and first price."""
    seller_id = (number - 1) // 4 + 1
    priced = {
        "listing_id": number,
        "price_minor": int(item.price * 100),
        "total_minor": int((item.total_price or 0) * 100),
        "currency": item.currency,
        "availability": str(item.availability),
    }
    seller = {
        "seller_id": seller_id,
        "source": item.source,
        "external_id": str(seller_id),
        "first_seen_at": START,
        "last_seen_at": START,
    }
    state = {
        **priced,
        "content_hash": item.content_hash(),
        "favourite_count": item.favourite_count,
        "last_seen_at": START,
        "last_page_id": 1,
        "price_changed_at": START,
        "shown_page_id": 1,
        "last_changed_at": START,
        "price": item.price,
        "fee": item.fee,
        "total_price": item.total_price,
    }
    return seller, {**_record(number, item), "seller_id": seller_id}, state, {**priced, "observed_at": START}


def _orm_merge(engine: sa.Engine, table: type[_Base], records: Sequence[_Values]) -> None:
    for batch in _batches(records, 1_000):
        with orm.Session(engine) as session:
            for record in batch:
                session.merge(table(**record))
            session.commit()


def _orm_merge_all(engine: sa.Engine, records: Sequence[tuple[_Values, _Values, _Values, _Values]]) -> None:
    for batch in _batches(records, 1_000):
        with orm.Session(engine) as session:
            for seller, details, state, price in batch:
                session.merge(_SellerRow(**seller))
                session.merge(_ListingRow(**details))
                session.merge(_StateRow(**state))
                session.merge(_PriceRow(**price))
            session.commit()


def _to_sql(engine: sa.Engine, records: Sequence[dict[str, object]]) -> None:
    import pandas as pd  # noqa: PLC0415 - a peer; heavy

    frame = pd.DataFrame.from_records(list(records))
    types = {column.name: column.type for column in tables.listing_details.columns if column.name in frame.columns}
    frame.to_sql(
        "listing_details", engine, schema="core", if_exists="append", index=False, dtype=types, chunksize=1_000
    )


def _dlt(url: DatabaseUrl, records: Sequence[dict[str, object]]) -> None:
    import dlt  # noqa: PLC0415 - a peer; heavy

    os.environ.update({"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"})
    with tempfile.TemporaryDirectory(prefix="pricescope-dlt-") as folder:
        pipeline = dlt.pipeline(
            "bench",
            pipelines_dir=folder,
            # It insists on a host and a password; the socket named behind them is what is used.
            destination=dlt.destinations.postgres(url.libpq.replace("@/", ":none@localhost/", 1)),
            dataset_name="peer",
        )
        plain = [
            {name: value for name, value in record.items() if name not in ("carried", "attributes")}
            | {"image_urls": " ".join(record["image_urls"])}  # type: ignore[arg-type]  # a list of texts
            for record in records
        ]
        pipeline.run(plain, table_name="listings", write_disposition="merge", primary_key=("source", "external_id"))


def _batches(records: Sequence[_Row], size: int) -> Iterator[Sequence[_Row]]:
    for first in range(0, len(records), size):
        yield records[first : first + size]


# ---------------------------------------------------------------- the rows


def _wal(conn: psycopg.Connection) -> float:
    row = conn.execute("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
    return float(row[0]) if row else 0.0


def _card(number: int, *, reduced: bool = False) -> Listing:
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
        image_urls=(_photo(number, 0),),
        seller=Seller(external_id=str(number // 4), login=f"login{number // 4}", is_business=False),
        favourite_count=number % 40,
    )


def _full(number: int, *, reduced: bool = False) -> Listing:
    words = random.Random(number).choices(_WORDS, k=230)  # noqa: S311 - filler text
    return msgspec.structs.replace(
        _card(number, reduced=reduced),
        description=" ".join(words),
        color="blue",
        category="coats",
        image_urls=tuple(_photo(number, place) for place in range(6)),
        listed_at=START - timedelta(minutes=number % 10_000),
    )


def _photo(number: int, place: int) -> str:
    return f"https://images1.vinted.net/t/{place:02}_0192f_{number:032x}/f800/1773130000.jpeg?s={number:040x}"


if __name__ == "__main__":
    main()
