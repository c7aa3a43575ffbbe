"""The marts of products against an oracle without SQL, over late data, lost days, new links and lost history."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.integration.statistics.catalogue import (
    WINDOWS,
    Catalogue,
    Day,
    Observation,
    an_observation,
    category_of,
    change,
    clock_changes,
    last_before,
    link,
    mean,
    observe,
    of_fraction,
    random_catalogue,
    sku_of,
    store,
    with_changes,
)
from tests.integration.statistics.market import dbt
from tests.postgres import fresh_database
from warehouse.compaction import compact_month, months_to_compact
from warehouse.connect import DatabaseUrl, connect
from warehouse.open_tables import open_tables
from warehouse.products import price_changes

pytestmark = pytest.mark.integration
MODELS = ("daily_price_stats+", "int_product_source_prices__daily+")
PRODUCTS = 120
KEPT_DAYS = 200
_Key = tuple[int, date]


@dataclass
class Shop:
    """The catalogue, the database it is in, and how to run dbt on it."""

    made: Catalogue
    address: DatabaseUrl
    target: Path

    def run(self, *arguments: str, zone: str = "UTC") -> None:
        """Run the models of products, the sessions of dbt in a time zone of their own."""
        with connect(self.address) as conn:
            conn.execute(f"alter database {self.address.database} set timezone = '{zone}'")
        dbt(self.address, self.target, "run", "-s", *arguments)


@pytest.fixture(scope="module")
def shop(
    postgres_server: DatabaseUrl, database_template: DatabaseUrl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    made = random_catalogue(seed=11, today=datetime.now(UTC).date(), products=PRODUCTS)
    with fresh_database(postgres_server, database_template) as address:
        with connect(address) as conn, conn.transaction():
            store(conn, made)
        found = Shop(made, address, tmp_path_factory.mktemp("dbt"))
        found.run(*(f"+{model}" for model in MODELS), zone="Europe/Warsaw")
        yield found


def rows(conn: psycopg.Connection, query: str) -> list[dict[str, Any]]:
    return conn.cursor(row_factory=dict_row).execute(query).fetchall()  # type: ignore[arg-type]  # queries of ours


def stored_days(conn: psycopg.Connection) -> dict[_Key, Day]:
    return {
        (row["product_id"], row["price_date"]): Day(
            **{name: row[name] for name in Day.__dataclass_fields__ if name != "changes"},
            changes=tuple(row[f"change_{days}d_percent"] for days in WINDOWS),
        )
        for row in rows(conn, "select * from marts.daily_price_stats where currency = 'EUR'")
    }


def assert_same(stored: dict[Any, Any], wanted: dict[Any, Any]) -> None:
    wrong = {
        key: (stored.get(key), wanted.get(key)) for key in {*stored, *wanted} if stored.get(key) != wanted.get(key)
    }
    assert not wrong, f"{len(wrong)} of {len(wanted)} differ, among them {dict(list(wrong.items())[:3])}"


def test_the_catalogue_holds_what_it_should_test(shop: Shop) -> None:
    days = shop.made.days()
    assert len(days) > 3000
    for clock in clock_changes(shop.made.today):
        assert sum(1 for _, day in days if day == clock) > 50
    assert any(day.unconvertible and day.offers for day in days.values())
    assert any(day.offers == 0 for day in days.values())
    assert any(change is None for day in days.values() for change in day.changes)
    assert sum(1 for seen in shop.made.observations if seen.at.time() == time(23, 59, 59, 999_999)) > 500
    currencies = defaultdict(set)
    for seen in shop.made.observations:
        currencies[seen.listing_id].add(seen.currency)
    assert any(len(found) > 1 for found in currencies.values())


def test_a_build_of_everything_equals_the_oracle_wherever_the_session_s_midnight_is(shop: Shop) -> None:
    with connect(shop.address) as conn:
        assert_same(stored_days(conn), shop.made.days())


def test_marts_over_the_days_equal_the_oracle(shop: Shop) -> None:
    made, days = shop.made, shop.made.days()
    with connect(shop.address) as conn:
        check_source_changes(conn, made)
        check_products(conn, made, days)
        check_moves(conn, made, days)
        check_histograms(conn, made)
        check_win_rates(conn, made)
        check_overview(conn, made)


def test_late_data_lost_days_and_new_links_come_in_and_what_is_older_stays(shop: Shop) -> None:
    """A second, incremental run: the whole table is the oracle's again, but for what came later than the look-back."""
    made, rng = shop.made, random.Random(3)
    today, too_old = made.today, made.today - timedelta(days=10)
    lost = today - timedelta(days=1)
    made.observations = [seen for seen in made.observations if seen.day != lost]
    late = [
        an_observation(rng, listing_id, today - timedelta(days=2), time(12, 0, 1), "EUR", [rng.randrange(50, 9000)])
        for listing_id in made.sources
        if rng.random() < 0.5
    ]
    forgotten = Observation(2, datetime.combine(too_old, time(12, 0, 1), UTC), 1, "EUR", "available")
    with connect(shop.address) as conn, conn.transaction():
        gone = conn.execute(
            "delete from core.price_history where observed_at >= %s and observed_at < %s",
            (datetime.combine(lost, time(0), UTC), datetime.combine(today, time(0), UTC)),
        ).rowcount
        assert gone > 100
        observe(conn, [*late, forgotten])
        # Listings known for a year become a product's that had others, and a new product's.
        conn.execute(
            "insert into core.products (product_id, sku, name) overriding system value values (%s, %s, 'new')",
            (PRODUCTS + 5, sku_of(PRODUCTS + 5)),
        )
        for product_id, listing_id in ((3, 20), (PRODUCTS + 5, 21), (PRODUCTS + 5, 22)):
            link(conn, made, product_id, listing_id)
            made.links[product_id].append(listing_id)
        before = stored_days(conn)
        made_at = dict(conn.execute("select price_date, max(computed_at) from marts.daily_price_stats group by 1"))
    assert any(day == lost for _, day in before)
    made.observations += late
    shop.run(*MODELS, zone="America/New_York")
    wanted = made.days()
    with connect(shop.address) as conn:
        stored = stored_days(conn)
        assert_same(stored, wanted)
        assert not any(day == lost for _, day in stored)
        check_source_changes(conn, made)
        check_products(conn, made, wanted)
        made_now = conn.execute(
            "select product_id, min(price_date), max(computed_at) from marts.daily_price_stats"
            " where computed_at > %s group by 1 having min(price_date) < %s",
            (max(made_at.values()), today - timedelta(days=2)),
        ).fetchall()
    assert {product_id for product_id, _, _ in made_now} == {3, PRODUCTS + 5}
    made.observations.append(forgotten)


def test_a_full_refresh_keeps_the_days_that_the_history_holds_no_longer(shop: Shop) -> None:
    made = shop.made
    first_kept = made.today - timedelta(days=KEPT_DAYS)
    with connect(shop.address) as conn:
        stored = stored_days(conn)
        conn.execute(
            "delete from core.price_history where observed_at < %s", (datetime.combine(first_kept, time(0), UTC),)
        )
    made.observations = [seen for seen in made.observations if seen.day >= first_kept]
    kept = {key: day for key, day in stored.items() if key[1] < first_kept}
    assert len(kept) > 500
    assert stored != {**made.days(), **kept}
    shop.run("daily_price_stats", "--full-refresh")
    with connect(shop.address) as conn:
        assert_same(stored_days(conn), {**made.days(), **kept})
        (index,) = conn.execute(
            "select indexdef from pg_indexes where tablename = 'daily_price_stats' and indexdef like '%INCLUDE%'"
        ).fetchone() or ("",)
        (table,) = (table for table in open_tables(conn) if table.name == "marts.daily_price_stats")
    assert "(product_id, price_date) INCLUDE" in index
    assert table.order == '"product_id", "price_date"'


def test_a_long_look_back_reads_compacted_months_and_leaves_alone_what_came_before_the_history(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window reaches over a change of clocks, and further than there is history."""
    made = shop.made
    late = Observation(2, datetime.combine(made.today - timedelta(days=12), time(12), UTC), 1, "EUR", "available")
    with connect(shop.address) as conn:
        kept = {key: day for key, day in stored_days(conn).items() if key[1] < made.today - timedelta(days=KEPT_DAYS)}
        observe(conn, [late])
        rows_before = conn.execute("select count(*) from core.price_history").fetchone() or (0,)
        for month in months_to_compact(conn, closed_before=made.today):
            compact_month(conn, month, today=made.today)
        rows_after = conn.execute("select count(*) from core.price_history").fetchone() or (0,)
    assert rows_after[0] < rows_before[0]
    made.observations.append(late)
    wanted = with_changes({**made.days(), **kept})
    assert {day for _, day in wanted} & set(clock_changes(made.today))
    monkeypatch.setenv("PRICESCOPE_LOOKBACK_DAYS", "420")
    shop.run("daily_price_stats", zone="Europe/Warsaw")
    with connect(shop.address) as conn:
        assert_same(stored_days(conn), wanted)


def check_source_changes(conn: psycopg.Connection, made: Catalogue) -> None:
    wanted = {}
    for (product_id, source), days in made.source_days().items():
        lows = {day: low for day, (low, _, _) in days.items() if day >= made.today - timedelta(days=62)}
        latest = max(lows, default=date.min)
        if latest < made.today - timedelta(days=31):
            continue
        before = [last_before(lows, latest, window) for window in WINDOWS]
        wanted[product_id, source] = (
            latest,
            *days[latest],
            *(None if day is None else lows[day] for day in before),
            *(None if day is None else change(lows[latest], lows[day]) for day in before),
        )
    names = ["price_date", "price", "best_listing_id", "offers"]
    names += [f"price_{window}d" for window in WINDOWS] + [f"change_{window}d_percent" for window in WINDOWS]
    found = rows(conn, "select * from marts.product_source_changes")
    assert len(wanted) > 100
    assert_same({(row["product_id"], row["source_name"]): tuple(row[name] for name in names) for row in found}, wanted)
    for product_id in made.links:
        ranked = sorted((row for row in found if row["product_id"] == product_id), key=lambda row: row["price_rank"])
        assert [row["price_rank"] for row in ranked] == list(range(1, len(ranked) + 1))
        assert [row["price"] for row in ranked] == sorted(row["price"] for row in ranked)


def low_prices(days: dict[_Key, Day]) -> dict[int, dict[date, Decimal]]:
    lows: dict[int, dict[date, Decimal]] = defaultdict(dict)
    for (product_id, day), found in days.items():
        if found.min_price is not None:
            lows[product_id][day] = found.min_price
    return lows


def check_products(conn: psycopg.Connection, made: Catalogue, days: dict[_Key, Day]) -> None:
    lows = low_prices(days)
    wanted: dict[int, tuple[Any, ...]] = {}
    for product_id in made.links:
        prices = lows[product_id]
        if not prices:
            wanted[product_id] = (None, None, None, False, 0, True, None, None, None, None, None, None, False, None)
            continue
        latest = max(prices)
        now = prices[latest]
        month = [price for day, price in prices.items() if day > made.today - timedelta(days=30)]
        lowest, highest = min(prices.values()), max(prices.values())
        cheaper = sum(1 for price in prices.values() if price < now)
        wanted[product_id] = (
            latest,
            now,
            days[product_id, latest].best_source,
            latest >= made.today - timedelta(days=1),
            len(prices),
            len(prices) < 14,
            lowest,
            mean(prices.values()),
            highest,
            min(month, default=None),
            mean(month) if month else None,
            max(day for day, price in prices.items() if price == lowest),
            now == lowest < highest,
            of_fraction(100 * Fraction(cheaper, len(prices)), 2),
        )
    names = "price_date price best_source is_on_offer n_days is_low_confidence min_price mean_price max_price"
    names += " min_price_30d mean_price_30d low_date is_all_time_low price_percentile"
    found = rows(conn, "select * from marts.product_stats")
    assert_same({row["product_id"]: tuple(row[name] for name in names.split()) for row in found}, wanted)


def check_moves(conn: psycopg.Connection, made: Catalogue, days: dict[_Key, Day]) -> None:
    lows = low_prices(days)
    for table, sign in (("price_drops", -1), ("price_rises", 1)):
        found = rows(conn, f"select * from marts.{table} order by window_days, price_rank")
        for window, place in zip(WINDOWS, range(3), strict=True):
            wanted = []
            for product_id, prices in lows.items():
                latest = max(prices)
                moved = days[product_id, latest].changes[place]
                before = last_before(prices, latest, window)
                if latest < made.today - timedelta(days=window) or not moved or moved * sign < 0 or before is None:
                    continue
                amount = prices[latest] - prices[before]
                wanted.append((-abs(moved), -abs(amount), product_id, prices[latest], before, prices[before]))
            assert len(wanted) > 10
            of_window = [row for row in found if row["window_days"] == window]
            assert [row["price_rank"] for row in of_window] == list(range(1, len(of_window) + 1))
            assert [
                (
                    -abs(row["change_percent"]),
                    -abs(row["change_amount"]),
                    row["product_id"],
                    row["price"],
                    row["previous_date"],
                    row["previous_price"],
                )
                for row in of_window
            ] == sorted(wanted)
    for window in WINDOWS:
        told = {(row.sku, row.change_percent) for row in price_changes(conn, window)}
        assert {
            (row["sku"], row["change_percent"])
            for row in rows(conn, f"select * from marts.price_drops where window_days = {window}")
        } <= told


def check_histograms(conn: psycopg.Connection, made: Catalogue) -> None:
    wanted: Counter[tuple[str, str]] = Counter()
    prices: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for (product_id, _), days in made.source_days().items():
        for day, (low, _, _) in days.items():
            if day > made.today - timedelta(days=30):
                for scope, subject in (("product", sku_of(product_id)), ("category", category_of(product_id))):
                    if subject is not None:
                        wanted[scope, subject] += 1
                        prices[scope, subject].append(low)
    found: Counter[tuple[str, str]] = Counter()
    shares: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows(conn, "select * from marts.price_histograms"):
        key = (row["scope"], row["subject"])
        found[key] += row["n"]
        shares[key] += row["price_share"]
        steps = 32 if row["scope"] == "product" else 4
        inside = [p for p in prices[key] if math.floor(round(steps * math.log2(float(p)), 9)) == row["bucket"]]
        assert row["n"] == len(inside)
        assert all(row["lower_price"] - Decimal("0.001") <= p <= row["upper_price"] for p in inside)
    assert found == wanted
    assert all(abs(share - 1) < Decimal("0.001") for share in shares.values())


def check_win_rates(conn: psycopg.Connection, made: Catalogue) -> None:
    lows: dict[tuple[int, date], dict[str, Decimal]] = defaultdict(dict)
    for (product_id, source), days in made.source_days().items():
        for day, (low, _, _) in days.items():
            lows[product_id, day][source] = low
    found = {
        (row["lookback_days"], row["category"], row["source_name"]): tuple(
            row[name]
            for name in ("products", "product_days", "contested_days", "wins", "win_share", "mean_gap_percent")
        )
        for row in rows(conn, "select * from marts.source_win_rates")
    }
    wanted: dict[tuple[int, str, str], tuple[Any, ...]] = {}
    for window in (7, 30):
        of_source: dict[tuple[str, str], list[tuple[int, bool, Fraction]]] = defaultdict(list)
        for (product_id, day), offers in lows.items():
            if day <= made.today - timedelta(days=window):
                continue
            for source, price in offers.items():
                gap = 100 * (Fraction(price) / Fraction(min(offers.values())) - 1)
                for category in {"all", category_of(product_id)} - {None}:
                    of_source[str(category), source].append((product_id, len(offers) > 1, gap))
        for (category, source), seen in of_source.items():
            gaps = [gap for _, is_contested, gap in seen if is_contested]
            wins = sum(1 for gap in gaps if gap == 0)
            wanted[window, category, source] = (
                len({product_id for product_id, _, _ in seen}),
                len(seen),
                len(gaps),
                wins,
                of_fraction(Fraction(wins, len(gaps)), 6) if gaps else None,
                of_fraction(sum(gaps) / len(gaps), 2) if gaps else None,
            )
    assert len(wanted) > 40
    assert any(0 < wins < contested for _, _, contested, wins, *_ in wanted.values())
    assert_same(found, wanted)
    for row in rows(conn, "select * from marts.source_win_rates where win_rank = 1"):
        others = [share for key, (*_, share, _) in found.items() if key[:2] == (row["lookback_days"], row["category"])]
        assert row["win_share"] == max(share for share in others if share is not None)


def check_overview(conn: psycopg.Connection, made: Catalogue) -> None:
    (row,) = rows(conn, "select * from marts.dashboard_overview")
    stats = rows(conn, "select * from marts.product_stats")
    assert row["currency"] == "EUR"
    assert row["products"] == len(made.links)
    assert row["products_on_offer"] == sum(1 for found in stats if found["is_on_offer"])
    assert row["offers"] == sum(found["offers"] for found in stats if found["is_on_offer"])
    assert row["price_date"] == max(day for _, day in made.days())
    lows = rows(conn, "select * from marts.all_time_lows order by price_rank")
    assert row["all_time_lows"] == len(lows) > 0
    assert {low["product_id"] for low in lows} == {
        found["product_id"] for found in stats if found["is_all_time_low"] and found["is_on_offer"]
    }
    assert [low["sku"] for low in row["top_lows"]] == [low["sku"] for low in lows[:10]]
    for direction in ("drops", "rises"):
        for window in WINDOWS:
            moves = rows(
                conn, f"select * from marts.price_{direction} where window_days = {window} order by price_rank"
            )
            assert row[f"{direction}_{window}d"] == len(moves)
            assert [move["sku"] for move in row[f"top_{direction}"][str(window)]] == [
                move["sku"] for move in moves[:10]
            ]
