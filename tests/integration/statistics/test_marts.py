"""What dbt makes of a random market, against an oracle without SQL."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import psycopg
import pytest
from psycopg.rows import dict_row

from domain.condition import Condition
from tests.integration.statistics.conftest import Market
from tests.integration.statistics.market import FIRST_LISTING, Thing, dbt, group_of, oracle, store
from warehouse.connect import DatabaseUrl, connect
from warehouse.partitions import ensure_partitions
from warehouse.products import price_changes

pytestmark = pytest.mark.integration


def test_dbt_builds_every_model_and_passes_every_test(market: Market) -> None:
    assert "ERROR=0" in market.printed
    assert "WARN=0" in market.printed
    assert re.search(r"\b\d\d unit tests", market.printed)


def test_statistics_equal_the_oracle_s(market: Market) -> None:
    with connect(market.address) as conn:
        rows = conn.cursor(row_factory=dict_row).execute("select * from marts.watch_condition_stats").fetchall()
    expected = {
        (thing.watch_id, group)
        for thing in market.things
        for group in (str(thing.condition), "all")
        if not thing.is_blacklisted
        and thing.seen_days_ago < 30
        and thing.payable > 0
        and not (group == "all" and thing.condition is Condition.FOR_PARTS)
    }
    assert {(row["watch_id"], row["condition"]) for row in rows} == expected
    for row in rows:
        want = oracle(group_of(market.things, row["watch_id"], row["condition"]))
        assert row["n"] == want.n
        if want.n == 0:
            assert row["mean"] is None
            assert row["unconvertible"] > 0
            continue
        assert float(row["mean"]) == pytest.approx(float(want.mean or 0), abs=1e-7)
        assert (row["stddev"] is None) == (want.n < 2)
        if want.stddev is not None:
            assert float(row["stddev"]) == pytest.approx(float(want.stddev), abs=1e-6)
            assert row["log_stddev"] == pytest.approx(float(want.logs.std(ddof=1)), abs=1e-9)
        prices = np.array([float(price) for price in want.prices])
        for column, share in (("q1", 0.25), ("median", 0.5), ("q3", 0.75), ("min_price", 0), ("max_price", 1)):
            assert float(row[column]) == pytest.approx(float(np.quantile(prices, share)), abs=1e-4)
        assert row["log_mean"] == pytest.approx(float(want.logs.mean()), abs=1e-9)
        assert row["log_median"] == pytest.approx(float(np.median(want.logs)), abs=1e-12)
        assert row["log_q10"] == pytest.approx(float(np.quantile(want.logs, 0.1)), abs=1e-12)
        assert row["log_mad"] == pytest.approx(float(np.median(np.abs(want.logs - np.median(want.logs)))), abs=1e-12)
        assert row["window_days"] == 30
        assert datetime.now(UTC) - row["computed_at"] < timedelta(hours=1)


def test_unconvertible_listings_are_counted_and_in_no_statistic(market: Market) -> None:
    lost = [
        thing
        for thing in market.things
        if thing.currency == "JPY" and not thing.is_blacklisted and thing.seen_days_ago < 30 and thing.payable > 0
    ]
    with connect(market.address) as conn:
        (counted,) = conn.execute(
            "select sum(unconvertible) from marts.watch_condition_stats where condition <> 'all'"
        ).fetchone() or (0,)
    assert counted == len(lost) > 0


def test_histograms_hold_every_comparable_between_its_bucket_s_edges(market: Market) -> None:
    with connect(market.address) as conn:
        rows = conn.cursor(row_factory=dict_row).execute("select * from marts.watch_price_histograms").fetchall()
    for watch_id in {thing.watch_id for thing in market.things}:
        things = group_of(market.things, watch_id, "all")
        buckets = [row for row in rows if row["watch_id"] == watch_id and row["condition"] == "all"]
        assert sum(row["listings"] for row in buckets) == len(things)
        assert not buckets or sum(row["listing_share"] for row in buckets) == pytest.approx(1, abs=1e-4)
        for row in buckets:
            inside = [t for t in things if math.floor(4 * math.log2(float(t.price or 0))) == row["bucket"]]
            assert row["listings"] == len(inside)
            assert all(row["lower_price"] - 1 <= (t.price or 0) <= row["upper_price"] + 1 for t in inside)


def test_trends_and_source_days_come_from_history_pages_and_runs(database: DatabaseUrl, tmp_path: Path) -> None:
    """One listing at two prices on one day, another in pounds: the day counts each once, in the watch's currency."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
    things = [
        Thing(1, FIRST_LISTING, Condition.GOOD, 2000, None),
        Thing(1, FIRST_LISTING + 1, Condition.GOOD, 1000, None, currency="GBP"),
        Thing(1, FIRST_LISTING + 2, Condition.GOOD, 1000, None, is_blacklisted=True),
    ]
    with connect(database) as conn:
        ensure_partitions(conn, noon.date(), noon.date())
        with conn.transaction():
            store(conn, things)
            _observe(conn, FIRST_LISTING, noon - timedelta(hours=3), 3000, "EUR")
            _observe(conn, FIRST_LISTING, noon, 2000, "EUR")
            _observe(conn, FIRST_LISTING + 1, noon, 1000, "GBP")
            _observe(conn, FIRST_LISTING + 2, noon, 1, "EUR")
            conn.execute("insert into core.products (sku, name) values ('P', 'a product')")
            conn.execute(
                "insert into core.product_sources (product_id, source, url, watch_id, matched_by)"
                " select product_id, 'vinted', 'u', 1, 'link' from core.products"
            )
            conn.execute(
                """
                insert into raw.pages (fetched_at, source, day, url, status, duration_ms, sha256, body_bytes, body)
                select %(noon)s, 'vinted', %(day)s, 'u' || n, 200, n * 100, '\\x00', 1, '\\x00'
                from generate_series(1, 3) as n
                """,
                {"noon": noon, "day": noon.date()},
            )
            conn.execute(
                """
                insert into ops.page_readings (
                    page_id, fetched_at, source, day, parser_version, meaning, records, new_items, changed_items,
                    unchanged_items, quarantined
                )
                select page_id, fetched_at, source, day, 1, case when url = 'u3' then 'blocked' else 'ok' end,
                    4, 1, 1, 1, 1
                from raw.pages
                """
            )
        dbt(database, tmp_path, "run")
        product = conn.execute(
            "select product_id, price_date, currency, offers, sources, min_price, median_price, max_price, best_source,"
            " change_1d_percent from marts.daily_price_stats"
        ).fetchall()
        assert product == [
            (1, noon.date(), "EUR", 2, 1, Decimal("11.7"), Decimal("15.85"), Decimal(20), "vinted", None)
        ]
        assert price_changes(conn, 7) == []
        conn.execute("update marts.product_stats set change_7d_percent = -12.5")
        (change,) = price_changes(conn, 7)
        assert (change.sku, change.price, change.change_percent) == ("P", Decimal("11.7"), Decimal("-12.5"))
        assert price_changes(conn, 30) == []
        trend = conn.execute(
            "select stat_date, listings, average_price, min_price, max_price, median_price, currency "
            "from marts.watch_price_trends"
        ).fetchall()
        day = conn.execute(
            "select source_name, pages, ok_pages, blocked_pages, items, new_items, quarantined, p50_duration_ms, "
            "p95_duration_ms, runs from marts.source_daily_stats"
        ).fetchall()
    assert [tuple(float(v) if i in {2, 3, 4, 5} else v for i, v in enumerate(row)) for row in trend] == [
        (noon.date(), 2, 15.85, 11.7, 20.0, 15.85, "EUR")
    ]
    assert day == [("vinted", 3, 2, 1, 12, 3, 3, 200.0, 290.0, 0)]


def _observe(conn: psycopg.Connection, listing_id: int, at: datetime, minor: int, currency: str) -> None:
    conn.execute(
        "insert into core.price_history (listing_id, observed_at, price_minor, currency, availability) "
        "values (%s, %s, %s, %s, 'available')",
        (listing_id, at, minor, currency),
    )
