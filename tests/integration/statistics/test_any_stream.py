"""The days of sources and the periods of markets over many small streams, against the oracle of ``stream``.

What an incremental run makes anew of them, and what it leaves, is held by ``test_rebuilding``.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from tests.integration.statistics.catalogue import median, of_fraction
from tests.integration.statistics.compiled import Compiled
from tests.integration.statistics.market import dbt
from tests.integration.statistics.stream import (
    Item,
    Row,
    Stream,
    brand_of,
    market_periods,
    price_of,
    random_stream,
    rounded,
    source_days,
    store_stream,
)
from tests.integration.statistics.test_rebuilding import assert_equal
from tests.postgres import fresh_database
from warehouse.connect import DatabaseUrl, connect

pytestmark = pytest.mark.integration
TODAY = datetime.now(UTC).date()
MARTS = ("source_daily_stats", "market_trends", "brand_trends", "market_summary")
READ = ("intermediate.int_fx_rates__crossed", "intermediate.int_listing_outcomes__dated", "marts.market_trends")
KEYS = (
    ("source_name", "stat_date"),
    ("source_name", "brand", "period", "period_start"),
    ("brand", "period", "period_start"),
    ("lookback_days", "source_name"),
)


def summaries(stream: Stream, now: datetime) -> dict[tuple[int, str], Row]:
    """Return the rows of marts.market_summary by look-back and source."""
    newest = {sight.listing_id: sight for sight in sorted(stream.sights, key=lambda sight: sight.at)}
    found: dict[tuple[int, str], list[Item]] = defaultdict(list)
    for item, days in itertools.product(stream.items, (7, 30, 90)):
        if item.last_seen >= now - timedelta(days=days):
            found[days, item.source].append(item)
            found[days, "all"].append(item)
    rows: dict[tuple[int, str], Row] = {}
    for key, items in found.items():
        told = [price_of(stream, item, newest[item.listing_id]) for item in items if newest[item.listing_id].minor > 0]
        prices = sorted(price for price, _ in told if price is not None)
        brands = Counter(brand for item in items if (brand := brand_of(item.brand)) != "unknown")
        biggest = sorted(brands.items(), key=lambda pair: (-pair[1], pair[0]))[:5]
        rows[key] = {
            "currency": "EUR",
            "listings": len(items),
            "other_kinds": sum(1 for item in items if item.listing_kind != "normal"),
            "priced": len(prices),
            "unconvertible": sum(1 for _, is_unconvertible in told if is_unconvertible),
            "brands": len(brands),
            "mean_price": of_fraction(Fraction(sum(prices)) / len(prices), 4) if prices else None,
            "median_price": rounded(median(prices)) if prices else None,
            "min_price": prices[0] if prices else None,
            "max_price": prices[-1] if prices else None,
            "top_brands": [{"brand": brand, "listings": count} for brand, count in biggest],
        }
    return rows


@pytest.fixture(scope="module")
def compiled(
    postgres_server: DatabaseUrl, database_template: DatabaseUrl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Compiled]:
    """The models in a database of their own."""
    with fresh_database(postgres_server, database_template) as address:
        target = tmp_path_factory.mktemp("dbt")
        dbt(address, target, "run", "-s", *(f"+{mart}" for mart in MARTS))
        with connect(address) as conn:
            yield Compiled(conn, address, target)


# A month back reaches over the end of European summer time for a third of the year; sixty days over two month edges.
@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    days=st.sampled_from([2, 33, 60]),
    is_daily=st.booleans(),
    zone=st.sampled_from(["UTC", "America/New_York", "Pacific/Auckland"]),
)
def test_days_and_periods_of_any_stream_are_the_oracle_s(
    compiled: Compiled, seed: int, days: int, *, is_daily: bool, zone: str
) -> None:
    stream = random_stream(seed, today=TODAY, sources=2, days=days, is_daily=is_daily)
    compiled.conn.execute(sql.SQL("set timezone = {}").format(sql.Literal(zone)))
    found = compiled.compute(lambda conn: store_stream(conn, stream), *MARTS, tables=READ)
    by_key = [
        {tuple(row.pop(name) for name in key): row for row in rows} for rows, key in zip(found, KEYS, strict=True)
    ]
    wanted = [
        {**source_days(stream)},
        {**market_periods(stream, platforms=True)},
        {key[1:]: row for key, row in market_periods(stream, platforms=False).items()},
        summaries(stream, datetime.now(UTC)),
    ]
    for rows, expected in zip(by_key, wanted, strict=True):
        assert_equal(rows, expected)
