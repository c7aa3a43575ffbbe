"""What compacted months still tell, ends of listings, time on market and sellers, against oracles without SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.integration.statistics.market import dbt
from tests.integration.statistics.stream import (
    Item,
    Stream,
    brand_of,
    days_on_market,
    market_periods,
    random_stream,
    rounded,
    source_days,
    store_stream,
    time_on_market,
)
from tests.postgres import fresh_database
from warehouse.compaction import compact_month, months_to_compact
from warehouse.connect import DatabaseUrl, connect

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def built(
    postgres_server: DatabaseUrl, database_template: DatabaseUrl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stream, psycopg.Connection]]:
    """A stream whose closed months were compacted before dbt saw them."""
    today = datetime.now(UTC).date()
    stream = random_stream(5, today=today, sources=20, is_daily=True)
    with fresh_database(postgres_server, database_template) as address, connect(address) as conn:
        with conn.transaction():
            store_stream(conn, stream)
        (rows,) = conn.execute("select count(*) from core.price_history").fetchone() or (0,)
        for month in months_to_compact(conn, closed_before=today):
            compact_month(conn, month, today=today)
        (left,) = conn.execute("select count(*) from core.price_history").fetchone() or (0,)
        assert left < 0.8 * rows
        models = ("source_daily_stats", "market_trends", "time_on_market", "seller_rankings")
        dbt(address, tmp_path_factory.mktemp("dbt"), "run", "--select", *(f"+{model}" for model in models))
        yield stream, conn


def test_a_compacted_month_counts_the_days_on_which_nothing_changed(built: tuple[Stream, psycopg.Connection]) -> None:
    stream, conn = built
    days = {
        tuple(row[:2]): row[2:]
        for row in conn.execute(
            "select source_name, stat_date, priced_listings, median_price from marts.source_daily_stats"
        )
    }
    assert days == {k: (row["priced_listings"], row["median_price"]) for k, row in source_days(stream).items()}
    names = ("listings", "priced", "unconvertible", "mean_price", "median_price", "trend_score")
    periods = {
        tuple(row[:4]): row[4:]
        for row in conn.execute(
            f"select source_name, brand, period, period_start, {', '.join(names)} from marts.market_trends"
        )
    }
    expected = market_periods(stream, platforms=True)
    assert periods == {key: tuple(row[name] for name in names) for key, row in expected.items()}


def test_an_end_is_the_page_s_word_or_that_of_complete_runs(built: tuple[Stream, psycopg.Connection]) -> None:
    stream, conn = built
    rows = conn.execute("select listing_id, outcome, ended_at, days_on_market from marts.listing_outcomes").fetchall()
    assert sorted(rows) == [(i.listing_id, i.outcome, i.ended_at, days_on_market(i)) for i in stream.items]
    assert {outcome for _, outcome, *_ in rows} == {"open", "sold", "gone"}


def test_time_on_market_is_kaplan_and_meier_s_of_what_was_seen_from_its_start(
    built: tuple[Stream, psycopg.Connection],
) -> None:
    stream, conn = built
    groups: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in stream.items:
        groups["brand", brand_of(item.brand)].append(item)
        groups["source", item.source].append(item)
    rows = conn.cursor(row_factory=dict_row).execute("select * from marts.time_on_market").fetchall()
    found = {(row.pop("scope"), row.pop("scope_key")): row for row in rows}
    assert found == {key: time_on_market(items, datetime.now(UTC)) for key, items in groups.items()}
    assert sum(row["median_days"] is not None for row in rows) > 5
    assert sum(row["found_late"] for row in rows) > 5


def test_sellers_are_counted_and_ranked_by_id_alone(built: tuple[Stream, psycopg.Connection]) -> None:
    stream, conn = built
    of_seller: dict[int, list[Item]] = defaultdict(list)
    for item in stream.items:
        if item.seller_id is not None:
            of_seller[item.seller_id].append(item)
    rows = conn.execute(
        "select seller_id, listings, sold, gone, sell_through, compared_listings from marts.seller_stats"
    ).fetchall()
    assert sorted(rows) == [
        (
            seller,
            len(items),
            sum(item.outcome == "sold" for item in items),
            sum(item.outcome == "gone" for item in items),
            rounded(Decimal(sum(item.outcome != "open" for item in items)) / len(items), 6),
            0,
        )
        for seller, items in sorted(of_seller.items())
    ]
    ranks = conn.execute(
        "select source_name, volume_rank, listings from marts.seller_rankings order by source_name, volume_rank"
    ).fetchall()
    assert all(
        rank == 1 + sum(other > listings for name, _, other in ranks if name == source)
        for source, rank, listings in ranks
    )
    columns = conn.execute(
        "select column_name from information_schema.columns where table_schema = 'marts' and table_name like 'seller%'"
    ).fetchall()
    assert not [name for (name,) in columns if "login" in name or "external" in name]
