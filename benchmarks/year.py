"""A year of the house and more: appending, aggregating, reading, storing, at 9, 18 and 27 million rows of history.

Run: ``python -m benchmarks.year [years] [--home DIR]`` (3 years without; about 30 minutes, 12 GB of disk). Each figure
stands beside a peer or a limit of the same run:

- appending a day, beside the schema of a naive price monitor (one table, numeric prices, four indexes), on the first,
  the median and the last day of a part of a month, with the log's compression and without;
- one day's aggregation, beside its bare select, pandas and DuckDB; dbt's incremental run beside its full refresh;
- a product's year, histograms, overview and source performance: buffers, p50 and p95, warm and cold; the year again
  where no month is packed, and of compacted months;
- bytes a row, a closed year with its packed rows, a compacted one.

Days are checked day by day as they would be, so that a product's rows lie scattered over the months.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.year_data import (
    CATEGORIES,
    LISTINGS,
    PRODUCTS,
    Prices,
    copy_binary,
    load_catalogue,
    load_days,
    load_pages,
)
from warehouse import figures, product_history
from warehouse.closing import close_month, months_to_close, pack_parts
from warehouse.compaction import compact_month, months_to_compact
from warehouse.connect import DatabaseUrl, connect, ensure_database
from warehouse.embedded import EmbeddedServer
from warehouse.migrate import upgrade
from warehouse.partitions import PART_STARTS, ensure_partitions, next_month
from warehouse.upkeep import vacuum

_PROJECT = Path(__file__).resolve().parents[1] / "dbt_project"
_HISTORY = "core.price_history (listing_id, observed_at, price_minor, total_minor, currency, availability)"
# Days before the last that dbt makes anew, as shipped.
_LOOK_BACK = 2
_MODELS = (
    "daily_price_stats",
    "product_stats",
    "price_histograms",
    "dashboard_overview",
    "source_daily_stats",
    "market_trends",
    "brand_trends",
)
_INCREMENTAL = ("daily_price_stats", "source_daily_stats", "market_trends", "brand_trends")
_NAIVE = """
create table naive_history (
    id bigint generated always as identity primary key, product_id bigint not null, source text not null,
    price numeric(12, 2) not null, currency text not null, available boolean not null, checked_at timestamptz not null
)
"""
_NAIVE_INDEXES = (
    "create index on naive_history (product_id, checked_at)",
    "create index on naive_history (product_id, source, checked_at)",
    "create index on naive_history (checked_at)",
)
_TO_NAIVE = """
insert into naive_history (product_id, source, price, currency, available, checked_at)
select p.product_id, p.source, h.total_minor / 100.0, h.currency, true, h.observed_at
from {source} h join core.product_sources p using (listing_id)
"""
_APPEND_NAIVE = """
insert into naive_history (product_id, source, price, currency, available, checked_at)
select product_id, source, price, currency, available, checked_at from naive_day
"""
_BARE_DAY = """
select p.product_id, min(price), max(price), avg(price), percentile_cont(0.5) within group (order by price),
       (array_agg(p.source order by price))[1]
from (
    select listing_id, coalesce(total_minor, price_minor) / 100.0 as price from core.price_history
    where observed_at >= %(day)s and observed_at < %(day)s + interval '1 day'
) h join core.product_sources p using (listing_id) group by p.product_id
"""
_RAW_OVERVIEW = """
with last as (
    select distinct on (p.product_id, h.listing_id) p.product_id, h.listing_id, h.total_minor
    from core.price_history h join core.product_sources p using (listing_id)
    where h.observed_at >= %(day)s order by p.product_id, h.listing_id, h.observed_at desc
), before as (
    select distinct on (p.product_id, h.listing_id) p.product_id, h.listing_id, h.total_minor
    from core.price_history h join core.product_sources p using (listing_id)
    where h.observed_at >= %(day)s - interval '7 days' and h.observed_at < %(day)s - interval '6 days'
    order by p.product_id, h.listing_id, h.observed_at desc
), change as (
    select product_id, min(l.total_minor)::numeric / min(b.total_minor) - 1 as change
    from last l join before b using (product_id) group by product_id
)
select count(*), count(*) filter (where change < 0), (array_agg(product_id order by change))[1:10],
       (array_agg(product_id order by change desc))[1:10] from change
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("years", type=int, nargs="?", default=3)
    parser.add_argument("--home", type=Path, default=None)
    arguments = parser.parse_args()
    with _home(arguments.home) as home:
        # A small server's settings; everything else is as shipped.
        server = EmbeddedServer(home, {"shared_buffers": "1GB", "max_wal_size": "4GB", "work_mem": "32MB"})
        server.start()
        try:
            _Year(server, arguments.years).measure()
        finally:
            server.stop()


@contextmanager
def _home(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="pricescope-year-") as folder:
        yield Path(folder)


class _Year:
    """The database under measurement."""

    def __init__(self, server: EmbeddedServer, years: int) -> None:
        self.server, self.years = server, years
        self.url = DatabaseUrl.parse(server.url("year"))
        self.today = datetime.now(UTC).date()
        self.first = self.today - timedelta(days=365)
        self.history: dict[int, dict[str, float]] = {}
        # By the rows of history: the seconds of each model in a full refresh.
        self.full: dict[int, dict[str, float]] = {}

    def measure(self) -> None:
        ensure_database(self.url)
        upgrade(self.url)
        prices = Prices()
        with self._connect() as conn:
            if _scalar(conn, "select count(*) from core.products"):
                raise SystemExit(f"{self.server.home} holds a measured year already; choose an empty folder for --home")
            load_catalogue(conn, self.today)
            load_pages(conn, self.today, 90)
            began = time.perf_counter()
            load_days(conn, prices, self.first, 365)
            took = time.perf_counter() - began
            print(
                f"{365 * LISTINGS:,} rows of history in {took:.0f} s, {365 * LISTINGS / took:,.0f} rows/s, day by day"
            )
            vacuum(conn, everything=True)
            self._storage(conn, "a year")
            self._close(conn)
            self._storage(conn, "a year, its months closed")
        self._dbt_full()
        self._queries(1)
        for year in range(2, self.years + 1):
            with self._connect() as conn:
                load_days(conn, Prices(year), self.first - timedelta(days=365 * (year - 1)), 365)
                self._close(conn)
                vacuum(conn)
            if year == 2:
                self._append(prices)
                self._aggregate(prices)
            self._queries(year)
        if self.years > 1:
            print("\ngrowth of p50 from the first size to the last")
            for name, first in self.history[1].items():
                print(f"  {name:34} {self.history[self.years][name] / first:5.2f} x")
        with self._connect() as conn:
            self._compaction(conn)

    def _connect(self) -> psycopg.Connection:
        return connect(self.url, statement_timeout_ms=0)

    # ------------------------------------------------------------ storage

    def _close(self, conn: psycopg.Connection) -> None:
        """Close the months that are over and pack the open one, as the care does."""
        settled = self.today - timedelta(days=3)
        began = time.perf_counter()
        done = [close_month(conn, month, today=self.today) for month in months_to_close(conn, closed_before=settled)]
        took = time.perf_counter() - began
        pack_parts(conn, settled=settled)
        before, after = sum(one.bytes_before for one in done), sum(one.bytes_after for one in done)
        packed = _scalar(conn, "select pg_total_relation_size('core.price_history_packed')")
        print(
            f"{len(done)} months closed in {took / len(done):.1f} s each: {before / 1e9:.2f} GB became"
            f" {after / 1e9:.2f} GB; all packed months {packed / 1e9:.2f} GB besides"
        )

    def _storage(self, conn: psycopg.Connection, what: str) -> None:
        heap, indexes = self._bytes(conn)
        rows = 365 * LISTINGS
        print(
            f"{what}: {heap / 1e9:.2f} GB of rows + {indexes / 1e9:.2f} GB of indexes ="
            f" {(heap + indexes) / 1e9:.2f} GB, {(heap + indexes) / rows:.0f} B a check"
        )

    @staticmethod
    def _bytes(conn: psycopg.Connection) -> tuple[int, int]:
        row = conn.execute(
            "select coalesce(sum(heap_bytes), 0)::bigint, coalesce(sum(index_bytes), 0)::bigint from ops.table_sizes"
            " where table_name like 'price_history%'"
        ).fetchone()
        return (0, 0) if row is None else (row[0], row[1])

    def _compaction(self, conn: psycopg.Connection) -> None:
        months = [month for month in months_to_compact(conn, closed_before=self.today) if month >= self.first]
        before = _scalar(conn, "select count(*) from core.price_history where observed_at >= %s", months[0])
        began = time.perf_counter()
        done = [compact_month(conn, month, today=self.today) for month in months]
        took = time.perf_counter() - began
        after = sum(one.bytes_after for one in done) + _scalar(
            conn, "select pg_total_relation_size('core.price_history_months')"
        )
        print(
            f"\ncompaction of {len(done)} closed months: {sum(one.rows_before for one in done):,} rows became"
            f" {sum(one.rows_after for one in done):,}, {sum(one.bytes_before for one in done) / 1e9:.2f} GB became"
            f" {after / 1e9:.3f} GB with days and counts, {took / len(done):.1f} s a month ({before:,} rows before)"
        )
        print("product's year, every change, of compacted months")
        self._unpacked(conn)

    # ------------------------------------------------------------ dbt

    def _dbt(self, *arguments: str) -> dict[str, float]:
        """Run dbt; return the seconds that each model took by dbt's own account."""
        with tempfile.TemporaryDirectory(prefix="pricescope-dbt-") as target:
            subprocess.run(  # noqa: S603 - our own executable, constant arguments
                [
                    str(Path(sys.executable).with_name("dbt")), "run", *arguments, "--project-dir", str(_PROJECT),
                    "--profiles-dir", str(_PROJECT), "--target-path", target,
                ],
                env={**os.environ, **self.url.dbt_environment(), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
                check=True,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
            results = json.loads((Path(target) / "run_results.json").read_text())["results"]
        return {result["unique_id"].rpartition(".")[2]: result["execution_time"] for result in results}

    def _dbt_full(self) -> None:
        selection = [f"+{name}" for name in _MODELS]
        rows = self._rows()
        self.full[rows] = took = self._dbt("--full-refresh", "--select", *selection)
        print(f"dbt full refresh of {rows:,} rows: " + ", ".join(f"{name} {took[name]:.1f} s" for name in _MODELS))
        with self._connect() as conn:
            vacuum(conn)

    def _aggregate(self, prices: Prices) -> None:
        """Aggregate a day more, after a full refresh of all that is there."""
        self._dbt_full()
        selection = [f"+{name}" for name in _MODELS]
        with self._connect() as conn:
            load_days(conn, prices, self.today, 1)
        fresh = self._dbt("--select", *selection)
        later = [self._dbt("--select", *selection) for _ in range(3)]
        again = {name: sorted(took[name] for took in later)[1] for name in fresh}
        with self._connect() as conn:
            day = {"day": self.today}
            bare = _best(lambda: conn.execute(_BARE_DAY, day).fetchall())
            # A day's first run goes a look-back before the last day stored, the runs after it before the day itself.
            windows = {
                days: _best(
                    lambda days=days: [  # type: ignore[misc]  # a default binds the loop's value
                        conn.execute(_BARE_DAY, {"day": self.today - timedelta(days=back)}).fetchall()
                        for back in range(days)
                    ]
                )
                for days in (_LOOK_BACK + 2, _LOOK_BACK + 1)
            }
            written = _best(lambda: self._delete_insert(conn))
            frames = _best(lambda: self._pandas(conn))
            duck = self._duckdb(conn)
        print(f"\none day of {LISTINGS:,} checks ({PRODUCTS:,} products); {self._rows():,} rows of history")
        print(f"  bare select with median and best source {bare * 1e3:8.0f} ms   1.0 x")
        print(f"  SQL delete + insert of the day          {written * 1e3:8.0f} ms  {written / bare:4.1f} x")
        for (days, window), what, took in zip(
            windows.items(), ("first run of the day", "a later run"), (fresh, again), strict=True
        ):
            model = took["daily_price_stats"]
            print(
                f"  dbt daily_price_stats, {what:20} {model * 1e3:5.0f} ms  {model / bare:4.1f} x;"
                f" it makes {days} days: {model / window:.1f} x their bare selects"
            )
        print(f"  pandas groupby, read and written back   {frames * 1e3:8.0f} ms  {frames / bare:4.1f} x")
        print(f"  DuckDB over the day's rows              {duck * 1e3:8.0f} ms  {duck / bare:4.1f} x")
        self._shares(fresh, again)

    def _shares(self, fresh: Mapping[str, float], again: Mapping[str, float]) -> None:
        """Print what the first and a later run of the day took, and their shares of each full refresh."""
        sizes = "".join(f"   of {rows / 1e6:4.1f} M rows, full    first   later" for rows in self.full)
        print(f"  incremental beside a full refresh        first    later{sizes}")
        for name in (*_INCREMENTAL, "together"):
            names = _INCREMENTAL if name == "together" else (name,)
            first, later = (sum(took[one] for one in names) for took in (fresh, again))
            fulls = [sum(took[one] for one in names) for took in self.full.values()]
            shares = "".join(f"   {full:19.1f} s {first / full:8.1%} {later / full:7.1%}" for full in fulls)
            # It reads no history, so there is little that a run could save.
            note = "   (of the market's days)" if name == "source_daily_stats" else ""
            print(f"    {name:34} {first:6.2f} s {later:6.2f} s{shares}{note}")

    def _delete_insert(self, conn: psycopg.Connection) -> None:
        with conn.transaction(force_rollback=True):
            conn.execute("delete from marts.daily_price_stats where price_date = %s", (self.today,))
            conn.execute(
                "insert into marts.daily_price_stats (product_id, price_date, currency, offers, sources, unconvertible,"
                " min_price, max_price, mean_price, median_price, best_source, computed_at)"
                f" select s.product_id, %(day)s, 'EUR', 1, 1, 0, s.min, s.max, s.avg, s.percentile_cont, s.array_agg,"
                f" now() from ({_BARE_DAY}) s",
                {"day": self.today},
            )

    def _pandas(self, conn: psycopg.Connection) -> None:
        import pandas as pd  # noqa: PLC0415 - a peer; heavy

        rows = conn.execute(
            "select p.product_id, p.source, coalesce(total_minor, price_minor) / 100.0 from core.price_history"
            " join core.product_sources p using (listing_id) where observed_at >= %s",
            (self.today,),
        ).fetchall()
        frame = pd.DataFrame(rows, columns=["product_id", "source", "price"]).astype({"price": "float64"})
        stats = frame.groupby("product_id")["price"].agg(["min", "max", "mean", "median"])
        with conn.transaction(force_rollback=True):
            conn.execute("create temp table pandas_stats (product_id bigint, a float8, b float8, c float8, d float8)")
            with conn.cursor().copy("copy pandas_stats from stdin") as copy:
                for row in stats.itertuples():
                    copy.write_row(tuple(row))

    def _duckdb(self, conn: psycopg.Connection) -> float:
        import duckdb  # noqa: PLC0415 - a peer; heavy

        def run() -> None:
            rows = conn.execute(
                "select p.product_id, p.source, coalesce(total_minor, price_minor)::float8 / 100"
                " from core.price_history join core.product_sources p using (listing_id) where observed_at >= %s",
                (self.today,),
            ).fetchall()
            import pandas as pd  # noqa: PLC0415 - the bridge

            frame = pd.DataFrame(rows, columns=["product_id", "source", "price"])  # noqa: F841 - DuckDB finds it by name
            duckdb.sql(
                "select product_id, min(price), max(price), avg(price), median(price), arg_min(source, price)"
                " from frame group by product_id"
            ).fetchall()

        return _best(run)

    # ------------------------------------------------------------ appending

    def _append(self, prices: Prices) -> None:
        """Append a day, lean and naive; several days, medians."""
        with self._connect() as conn:
            conn.execute(_NAIVE)
            conn.execute(_TO_NAIVE.format(source="core.price_history"))
            for index in _NAIVE_INDEXES:
                conn.execute(index)
            conn.execute("vacuum (analyze) naive_history")
            size = _scalar(conn, "select pg_total_relation_size('naive_history')")
            print(f"\na day's append ({LISTINGS:,} rows) into {self._rows():,} rows; naive {size / 1e9:.2f} GB")
            # A part's index grows by the day, and each of its pages is logged whole at its first change.
            first = next_month(self.today)
            for start, end, setting in zip(
                PART_STARTS, PART_STARTS[1:], ("off", self._compression(conn)), strict=False
            ):
                days = [first.replace(day=day) for day in range(start, end)]
                self._append_days(conn, prices, days, setting)
            # All but today were appended to measure only.
            conn.execute("delete from core.price_history where observed_at >= %s", (self.today + timedelta(days=1),))
            conn.execute("drop table naive_history")
            vacuum(conn)

    def _append_days(self, conn: psycopg.Connection, prices: Prices, days: Sequence[date], setting: str) -> None:
        """Append the days of one part of a month; print the first, the median and the last."""
        ensure_partitions(conn, days[0], days[-1])
        conn.execute(f"set wal_compression = '{setting}'")
        ours, theirs = [], []
        for day in days:
            prices.step()
            rows = prices.rows(day)
            conn.execute("checkpoint")
            ours.append(_cost(conn, partial(copy_binary, conn, _HISTORY, rows)))
            source = (
                f"(select * from core.price_history where observed_at >= '{day}' and observed_at < '{day}'::date + 1)"
            )
            conn.execute("create temp table naive_day as select * from naive_history limit 0")
            conn.execute(_TO_NAIVE.format(source=source).replace("naive_history", "naive_day"))
            conn.execute("checkpoint")
            theirs.append(_cost(conn, lambda: conn.execute(_APPEND_NAIVE)))
            conn.execute("drop table naive_day")
        for when, mine, other in (
            ("first day of a part", ours[0], theirs[0]),
            ("median day", _median(ours), _median(theirs)),
            ("last day of a part", ours[-1], theirs[-1]),
        ):
            print(
                f"  {when:22} wal_compression {setting:4} ours {mine[0] * 1e3:5.0f} ms, {mine[1] / 1e6:5.1f} MB of WAL;"
                f" naive {other[0] * 1e3:5.0f} ms, {other[1] / 1e6:5.1f} MB:"
                f" 1/{other[0] / mine[0]:.1f} of the time, 1/{other[1] / mine[1]:.1f} of the WAL"
            )

    @staticmethod
    def _compression(conn: psycopg.Connection) -> str:
        """Return the best compression of the log that this server was built with."""
        for setting in ("lz4", "zstd"):
            try:
                conn.execute(f"set wal_compression = '{setting}'")
            except psycopg.Error:
                continue
            return setting
        return "pglz"

    # ------------------------------------------------------------ reading

    def _rows(self) -> int:
        with self._connect() as conn:
            return _scalar(
                conn, "select sum(greatest(reltuples, 0))::bigint from pg_class where relname like 'price_history_2%'"
                " and relkind = 'r'"
            )  # fmt: skip

    def _queries(self, year: int) -> None:
        chosen = random.Random(year)  # noqa: S311 - a sample
        since = self.today - timedelta(days=365)
        cases: dict[str, tuple[str, Callable[[], Mapping[str, Any]]]] = {
            "product's year, every check": (
                product_history.PRODUCT_HISTORY,
                lambda: {"product_id": chosen.randint(1, PRODUCTS), "since": since},
            ),
            "product's year, by day": (
                figures.PRODUCT_DAYS,
                lambda: {"product_id": chosen.randint(1, PRODUCTS), "since": since},
            ),
            "histogram, product, 30 days": (
                figures.HISTOGRAM,
                lambda: {"scope": "product", "subject": f"sku-{chosen.randint(1, PRODUCTS)}"},
            ),
            "histogram, category, 30 days": (
                figures.HISTOGRAM,
                lambda: {"scope": "category", "subject": f"category-{chosen.randrange(CATEGORIES)}"},
            ),
            "overview": (figures.OVERVIEW, dict),
            "source performance, 30 days": (
                figures.SOURCE_DAYS,
                lambda: {"since": self.today - timedelta(days=30)},
            ),
        }
        print(f"\nreading at {self._rows():,} rows of history   buffers   warm p50 / p95 ms    cold p50 / p95 ms")
        self.history[year] = {}
        cold = {name: self._cold(query, values) for name, (query, values) in cases.items()}
        with self._connect() as conn:
            for name, (query, values) in cases.items():
                buffers = max(_buffers(conn, query, values()) for _ in range(20))
                warm = _latencies(conn, query, values, 300)
                self.history[year][name] = warm[0]
                print(
                    f"  {name:34} {buffers:9,}   {warm[0]:8.2f} / {warm[1]:6.2f}"
                    f"    {cold[name][0]:8.2f} / {cold[name][1]:6.2f}"
                )
            self._unpacked(conn)
            raw = _latencies(conn, _RAW_OVERVIEW, lambda: {"day": self.today - timedelta(days=1)}, 5)
            ratio = raw[0] / self.history[year]["overview"]
            print(f"  overview from raw history {raw[0]:29.2f} ms: the stored one is {ratio:,.0f} x as fast")

    def _unpacked(self, conn: psycopg.Connection) -> None:
        """Print what a product's year costs where no month is packed: after late pages, until the next night."""
        values = {"product_id": 1, "since": datetime.now(UTC) - timedelta(days=365)}
        with conn.transaction(force_rollback=True):
            conn.execute("delete from ops.packed_months")
            buffers = max(
                _buffers(conn, product_history.PRODUCT_HISTORY, {**values, "product_id": number})
                for number in range(1, 21)
            )
        print(f"  {'the same, no month packed':34} {buffers:9,}")

    def _cold(self, query: str, values: Callable[[], Mapping[str, Any]]) -> tuple[float, float]:
        """Restart the server with its files out of the page cache; measure first touches of distinct rows."""
        self.server.stop()
        for path in (self.server.home / "postgres" / "data" / "base").rglob("*"):
            if path.is_file():
                handle = os.open(path, os.O_RDONLY)
                try:
                    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
                finally:
                    os.close(handle)
        self.server.start()
        with self._connect() as conn:
            # What any session has read already: the catalogue of these tables.
            conn.execute(f"explain {query}", values())
            return _latencies(conn, query, values, 40)


def _latencies(
    conn: psycopg.Connection, query: str, values: Callable[[], Mapping[str, Any]], times: int
) -> tuple[float, float]:
    """Return p50 and p95 in milliseconds, rows fetched."""
    took = []
    for _ in range(times):
        bound = values()
        began = time.perf_counter()
        conn.execute(query.encode(), bound).fetchall()
        took.append((time.perf_counter() - began) * 1e3)
    took.sort()
    return took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.95))]


def _median(costs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sorted(cost[0] for cost in costs)[len(costs) // 2], sorted(cost[1] for cost in costs)[len(costs) // 2]


def _buffers(conn: psycopg.Connection, query: str, values: Mapping[str, Any]) -> int:
    row = conn.execute(f"explain (analyze, buffers, format json) {query}".encode(), values).fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _cost(conn: psycopg.Connection, action: Callable[[], object]) -> tuple[float, float]:
    before, began = _wal(conn), time.perf_counter()
    action()
    return time.perf_counter() - began, _wal(conn) - before


def _wal(conn: psycopg.Connection) -> float:
    row = conn.execute("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
    return float(row[0]) if row else 0.0


def _best(action: Callable[[], object], times: int = 5) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        took.append(time.perf_counter() - began)
    return sorted(took)[len(took) // 2]


def _scalar(conn: psycopg.Connection, query: str, *values: object) -> int:
    row = conn.execute(query.encode(), values or None).fetchone()
    return 0 if row is None else int(row[0] or 0)


if __name__ == "__main__":
    main()
