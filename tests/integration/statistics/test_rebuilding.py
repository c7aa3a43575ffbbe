"""The incremental marts of sources and markets against an oracle: first build, late data, days that lost their rows."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.integration.statistics.market import dbt
from tests.integration.statistics.stream import (
    PERIODS,
    Row,
    Stream,
    add_pages,
    add_runs,
    add_sights,
    lose_day,
    market_periods,
    random_page,
    random_sight,
    random_stream,
    source_days,
    store_stream,
    without_day,
)
from warehouse.connect import DatabaseUrl, connect

pytestmark = pytest.mark.integration
LOOKBACK = 7
MODELS = ("source_daily_stats", "market_trends", "brand_trends")
Key = tuple[Any, ...]


def in_marts(conn: psycopg.Connection[Any]) -> dict[str, dict[Key, Row]]:
    """Return the rows of each mart by their key."""
    keys = {
        "source_daily_stats": ("source_name", "stat_date"),
        "market_trends": ("source_name", "brand", "period", "period_start"),
        "brand_trends": ("brand", "period", "period_start"),
    }
    found: dict[str, dict[Key, Row]] = {}
    for mart, key in keys.items():
        rows = conn.cursor(row_factory=dict_row).execute(f"select * from marts.{mart}").fetchall()
        found[mart] = {tuple(row.pop(name) for name in key): row for row in rows}
    return found


def by_oracle(stream: Stream) -> dict[str, dict[Key, Row]]:
    return {
        "source_daily_stats": {**source_days(stream)},
        "market_trends": {**market_periods(stream, platforms=True)},
        "brand_trends": {key[1:]: row for key, row in market_periods(stream, platforms=False).items()},
    }


def first_rebuilt(mart: str, today: date) -> date:
    day = today - timedelta(days=LOOKBACK)
    return day if mart == "source_daily_stats" else PERIODS["week"](PERIODS["month"](day))


def same(have: object, want: object) -> bool:
    if isinstance(have, float) and isinstance(want, Decimal):
        return have == pytest.approx(float(want), rel=1e-12)
    return have == want


def assert_equal(have: Mapping[Key, Row], want: Mapping[Key, Row]) -> None:
    assert have.keys() == want.keys()
    wrong = {
        key: {name: (row[name], want[key][name]) for name in row if not same(row[name], want[key][name])}
        for key, row in have.items()
    }
    assert {key: names for key, names in wrong.items() if names} == {}
    assert all(row.keys() == want[key].keys() for key, row in have.items())


def test_days_and_periods_equal_the_oracle_s_and_only_the_look_back_is_made_anew(
    database: DatabaseUrl, tmp_path: Path
) -> None:
    """In a database whose clock shows another zone, across the end of its summer time."""
    today = datetime.now(UTC).date()
    stream = random_stream(11, today=today)
    rng = random.Random(12)
    with connect(database) as conn:
        conn.execute(f"alter database \"{database.database}\" set timezone = 'America/New_York'")
        with conn.transaction():
            store_stream(conn, stream)
        dbt(database, tmp_path, "run", "--select", *(f"+{mart}" for mart in MODELS))
        before = by_oracle(stream)
        first = in_marts(conn)
        for mart in MODELS:
            assert_equal(first[mart], before[mart])
        levels = {row["items_level"] for row in first["source_daily_stats"].values()}
        assert levels == {"ok", "warn", "error", "open"}

        changed = stream.copy()
        lost = [("s0", today - timedelta(days=back)) for back in (1, LOOKBACK, LOOKBACK + 1, 65)]
        late = [today - timedelta(days=back) for back in (0, 2, LOOKBACK, LOOKBACK + 1, 50)]
        with conn.transaction():
            cursor = conn.cursor()
            # All of a day: not one source has a row of it left.
            lost += [(f"s{index}", today - timedelta(days=3)) for index in range(14)]
            for source, day in lost:
                changed = without_day(changed, source, day)
                lose_day(conn, source, day)
            pages = [random_page(rng, f"s{index}", day) for index in (1, 2, 3) for day in late]
            sights = [random_sight(rng, i.listing_id, day, "GBP") for i in changed.items[::3] for day in late]
            sights = [s for s in sights if (s.listing_id, s.at) not in {(x.listing_id, x.at) for x in changed.sights}]
            runs = [("s4", day, "failure") for day in late]
            add_pages(cursor, pages)
            add_sights(cursor, sights)
            add_runs(cursor, runs)
        changed.pages += pages
        changed.sights += sights
        changed.runs += runs
        dbt(database, tmp_path, "run", "--select", *(f"+{mart}" for mart in MODELS))
        after = by_oracle(changed)
        second = in_marts(conn)
        assert not any(day == today - timedelta(days=3) for _, day in second["source_daily_stats"])
        for mart in MODELS:
            floor = first_rebuilt(mart, today)
            want = {key: row for key, row in before[mart].items() if key[-1] < floor}
            want |= {key: row for key, row in after[mart].items() if key[-1] >= floor}
            assert_equal(second[mart], want)
            assert want != before[mart]
            assert want != after[mart]
