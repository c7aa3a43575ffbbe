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
    price_trend,
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
KEYS = {
    "source_daily_stats": ("source_name", "stat_date"),
    "market_trends": ("source_name", "brand", "period", "period_start"),
    "brand_trends": ("brand", "period", "period_start"),
}
Key = tuple[Any, ...]


def in_marts(conn: psycopg.Connection[Any]) -> dict[str, dict[Key, Row]]:
    """Return the rows of each mart by their key."""
    found: dict[str, dict[Key, Row]] = {}
    for mart, key in KEYS.items():
        rows = conn.cursor(row_factory=dict_row).execute(f"select * from marts.{mart}").fetchall()
        found[mart] = {tuple(row.pop(name) for name in key): row for row in rows}
    return found


def writers(conn: psycopg.Connection[Any]) -> dict[str, dict[Key, str]]:
    """Return by which transaction each row of each mart was written."""
    found: dict[str, dict[Key, str]] = {}
    for mart, key in KEYS.items():
        rows = conn.execute(f"select xmin::text, {', '.join(key)} from marts.{mart}").fetchall()
        found[mart] = {tuple(row[1:]): row[0] for row in rows}
    return found


def by_oracle(stream: Stream) -> dict[str, dict[Key, Row]]:
    return {
        "source_daily_stats": {**source_days(stream)},
        "market_trends": {**market_periods(stream, platforms=True)},
        "brand_trends": {key[1:]: row for key, row in market_periods(stream, platforms=False).items()},
    }


def is_rebuilt(mart: str, key: Key, last_day: date) -> bool:
    """Say whether a run makes a row anew, when ``last_day`` is the last one stored: its days reach into the window."""
    first = last_day - timedelta(days=LOOKBACK)
    if mart == "source_daily_stats":
        return bool(key[-1] >= first)
    # The period of the window's first day is the first of its kind that reaches into it.
    return bool(key[-1] >= PERIODS[key[-2]](first))


def same(have: object, want: object) -> bool:
    if isinstance(have, float) and isinstance(want, Decimal):
        return have == pytest.approx(float(want), rel=1e-12)
    return have == want


def joined(kept: Mapping[str, dict[Key, Row]], made: Mapping[str, dict[Key, Row]], last_day: date) -> dict[str, Any]:
    """Return the rows kept from before each mart's first day made anew, and those made from there on.

    What a source's prices are compared with are those that the market's rows tell, kept or made.
    """
    rows = {
        mart: {key: row for key, row in kept[mart].items() if not is_rebuilt(mart, key, last_day)}
        | {key: row for key, row in made[mart].items() if is_rebuilt(mart, key, last_day)}
        for mart in MODELS
    }
    days = rows["source_daily_stats"]
    for key, row in days.items():
        if is_rebuilt("source_daily_stats", key, last_day):
            source, day = key
            week = [(source, "all", "day", day - timedelta(days=back)) for back in range(1, 8)]
            medians = [rows["market_trends"].get(one, {}).get("median_price") for one in week]
            days[key] = row | price_trend(row["median_price"], medians)
    return rows


def assert_equal(have: Mapping[Key, Row], want: Mapping[Key, Row]) -> None:
    assert have.keys() == want.keys()
    wrong = {
        key: {name: (row[name], want[key][name]) for name in row if not same(row[name], want[key][name])}
        for key, row in have.items()
    }
    assert {key: names for key, names in wrong.items() if names} == {}
    assert all(row.keys() == want[key].keys() for key, row in have.items())


def disturb(conn: psycopg.Connection[Any], stream: Stream) -> Stream:
    """Take days away from sources, and all of one day; bring late pages, prices and runs; return what is stored."""
    today, rng = stream.today, random.Random(12)  # a stream, not a secret
    back = (1, LOOKBACK, LOOKBACK + 1, 65)
    lost = [("s0", today - timedelta(days=days)) for days in back]
    lost += [(f"s{index}", today - timedelta(days=3)) for index in range(14)]
    late = [today - timedelta(days=days) for days in (0, 2, LOOKBACK, LOOKBACK + 1, 50)]
    changed = stream.copy()
    with conn.transaction():
        cursor = conn.cursor()
        for source, day in lost:
            changed = without_day(changed, source, day)
            lose_day(conn, source, day)
        known = {(sight.listing_id, sight.at) for sight in changed.sights}
        sights = [random_sight(rng, item.listing_id, day, "GBP") for item in changed.items[::3] for day in late]
        sights = [sight for sight in sights if (sight.listing_id, sight.at) not in known]
        pages = [random_page(rng, f"s{index}", day) for index in (1, 2, 3) for day in late]
        runs = [("s4", day, "failure") for day in late]
        add_pages(cursor, pages)
        add_sights(cursor, sights)
        add_runs(cursor, runs)
    changed.pages += pages
    changed.sights += sights
    changed.runs += runs
    return changed


def forget(conn: psycopg.Connection[Any], last_day: date) -> None:
    """Take the newest rows from the marts, as if nobody had run dbt since."""
    with conn.transaction():
        conn.execute("delete from marts.source_daily_stats where stat_date > %s", (last_day,))
        conn.execute("delete from marts.market_trends where period_start > %s", (last_day,))
        conn.execute("delete from marts.brand_trends where period_start > %s", (last_day,))


def expire(conn: psycopg.Connection[Any], first_kept: date) -> None:
    """Take pages and prices of the oldest days away, as retention does."""
    with conn.transaction():
        conn.execute("delete from raw.pages where day < %s", (first_kept,))
        conn.execute("delete from core.price_history where (observed_at at time zone 'UTC')::date < %s", (first_kept,))


def test_days_and_periods_equal_the_oracle_s_and_only_what_may_have_changed_is_made_anew(
    database: DatabaseUrl, tmp_path: Path
) -> None:
    """In a database whose clock shows another zone, across the end of its summer time."""
    today = datetime.now(UTC).date()
    stream = random_stream(11, today=today)
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

        first_writers = writers(conn)
        changed = disturb(conn, stream)
        dbt(database, tmp_path, "run", "--select", *(f"+{mart}" for mart in MODELS))
        after = by_oracle(changed)
        second = in_marts(conn)
        assert not any(day == today - timedelta(days=3) for _, day in second["source_daily_stats"])
        expected = joined(before, after, today)
        for mart in MODELS:
            assert_equal(second[mart], expected[mart])
            assert expected[mart] != before[mart]
            assert expected[mart] != after[mart]

        # A row that came out the same was not written again.
        second_writers = writers(conn)
        for mart in MODELS:
            remade = [key for key in second[mart].keys() & first[mart].keys() if is_rebuilt(mart, key, today)]
            same_rows = [key for key in remade if second[mart][key] == first[mart][key]]
            assert same_rows
            assert all(second_writers[mart][key] == first_writers[mart][key] for key in same_rows)
            assert any(second_writers[mart][key] != first_writers[mart][key] for key in remade)

        # As if nobody had run it for twelve days: what was missed is made, and a look-back before it.
        last_day = today - timedelta(days=12)
        forget(conn, last_day)
        dbt(database, tmp_path, "run", "--select", *MODELS)
        third = in_marts(conn)
        expected = joined(before, after, last_day)
        for mart in MODELS:
            assert_equal(third[mart], expected[mart])

        # Retention takes the pages and prices of the oldest days; a full refresh keeps what was made of them.
        first_kept = today - timedelta(days=30)
        expire(conn, first_kept)
        dbt(database, tmp_path, "run", "--full-refresh", "--select", *MODELS)
        fourth = in_marts(conn)
        for mart in MODELS:
            rows = {key: row for key, row in fourth[mart].items() if key[-1] < first_kept}
            assert_equal(rows, {key: row for key, row in expected[mart].items() if key[-1] < first_kept})
            assert max(key[-1] for key in fourth[mart]) >= today - timedelta(days=1)
