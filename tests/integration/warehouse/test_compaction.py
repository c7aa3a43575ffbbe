"""A compacted month tells the same prices, days and counts in fewer rows, whatever arrives late."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.warehouse.samples import START, listing, page, store_and_load
from warehouse.compaction import anchor_month, compact_month, months_to_compact
from warehouse.months import MonthError
from warehouse.partitions import drop_month

pytestmark = pytest.mark.integration

DAY = 24 * 60
TODAY = date(2026, 6, 2)


def days(conn: psycopg.Connection) -> list[tuple[object, ...]]:
    """Return the last price of each listing and day on which it was seen."""
    return conn.execute(
        "select distinct on (listing_id, day) listing_id, day, price_minor, total_minor, currency, availability"
        " from core.price_history_days order by listing_id, day, observed_at desc nulls last"
    ).fetchall()


def rows(conn: psycopg.Connection) -> int:
    (count,) = conn.execute("select count(*) from core.price_history").fetchone() or (0,)
    return int(count)


def test_repetitions_go_and_what_was_seen_stays(conn: psycopg.Connection) -> None:
    prices = ["20.00", "20.00", "20.00", "18.00", "18.00", "20.00"]
    for day, price in enumerate(prices):
        for minutes in (0, 300):
            store_and_load(conn, page(day * DAY + minutes), [listing(1, price), listing(2, "9.00")])
    before = days(conn)
    done = compact_month(conn, date(2026, 3, 1), today=TODAY)
    assert (done.rows_before, done.rows_after) == (12, 4)
    assert days(conn) == before
    assert conn.execute("select days, checks from core.price_history_months order by 1").fetchall() == [
        (0b111111 << 9, 12),
        (0b111111 << 9, 12),
    ]


def test_a_month_that_repeats_the_month_before_needs_no_row_of_its_own(conn: psycopg.Connection) -> None:
    for day in (0, 21, 22, 40):
        store_and_load(conn, page(day * DAY), [listing(1)])
    before = days(conn)
    for month in (date(2026, 3, 1), date(2026, 4, 1)):
        compact_month(conn, month, today=TODAY)
    assert rows(conn) == 1
    assert days(conn) == before


def test_compacting_again_changes_nothing(conn: psycopg.Connection) -> None:
    for day in range(4):
        store_and_load(conn, page(day * DAY), [listing(1, "20.00" if day < 2 else "15.00")])
    compact_month(conn, date(2026, 3, 1), today=TODAY)
    first = (rows(conn), days(conn), conn.execute("select * from core.price_history_months").fetchall())
    again = compact_month(conn, date(2026, 3, 1), today=TODAY)
    assert (again.rows_before, again.rows_after) == (2, 2)
    assert (rows(conn), days(conn), conn.execute("select * from core.price_history_months").fetchall()) == first


def test_the_indexes_and_the_routing_of_the_month_stand(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [listing(1)])
    compact_month(conn, date(2026, 3, 1), today=TODAY)
    store_and_load(conn, page(3 * DAY), [listing(1, "15.00"), listing(3)])
    (indexes,) = conn.execute(
        "select string_agg(indexdef, ' ') from pg_indexes where tablename = 'price_history_2026_03'"
    ).fetchone() or ("",)
    assert "INCLUDE (price_minor, total_minor, currency, availability)" in indexes
    assert "USING brin (observed_at)" in indexes
    assert rows(conn) == 3


def test_months_that_are_not_over_or_not_there_are_told_so(conn: psycopg.Connection) -> None:
    with pytest.raises(MonthError, match="2026-06 is not over"):
        compact_month(conn, date(2026, 6, 1), today=TODAY)
    with pytest.raises(MonthError, match="there is no history of 2020-01"):
        compact_month(conn, date(2020, 1, 1), today=TODAY)


def test_months_wait_for_their_age_and_are_done_once(conn: psycopg.Connection) -> None:
    for day in (0, 25):
        store_and_load(conn, page(day * DAY), [listing(1)])
    assert date(2026, 3, 1) not in months_to_compact(conn, closed_before=date(2026, 3, 31))
    assert months_to_compact(conn, closed_before=date(2026, 4, 1)) == [date(2026, 3, 1)]
    compact_month(conn, date(2026, 3, 1), today=TODAY)
    assert months_to_compact(conn, closed_before=date(2026, 4, 1)) == []


def test_a_late_page_of_a_compacted_month_changes_its_own_day_alone(conn: psycopg.Connection) -> None:
    for day in range(6):
        store_and_load(conn, page(day * DAY), [listing(1)])
    compact_month(conn, date(2026, 3, 1), today=TODAY)
    store_and_load(conn, page(2 * DAY + 60), [listing(1, "15.00")])
    prices = [price for _, _, price, *_ in days(conn)]
    assert prices == [2000, 2000, 1500, 2000, 2000, 2000]
    assert months_to_compact(conn, closed_before=date(2026, 4, 1)) == [date(2026, 3, 1)]
    compact_month(conn, date(2026, 3, 1), today=TODAY)
    assert [price for _, _, price, *_ in days(conn)] == prices
    assert rows(conn) == 3


def test_a_late_page_of_one_month_leaves_the_compacted_months_after_it_alone(conn: psycopg.Connection) -> None:
    for day in (0, 20, 25, 40, 60):
        store_and_load(conn, page(day * DAY), [listing(1), listing(2, "9.00")])
    for month in (date(2026, 4, 1), date(2026, 5, 1)):
        compact_month(conn, month, today=TODAY)
    kept = [row for row in days(conn) if row[1] >= date(2026, 4, 1)]  # type: ignore[operator]  # a date
    store_and_load(conn, page(21 * DAY + 60), [listing(1, "15.00")])
    assert [row for row in days(conn) if row[1] >= date(2026, 4, 1)] == kept  # type: ignore[operator]  # a date
    compact_month(conn, date(2026, 3, 1), today=TODAY)
    store_and_load(conn, page(21 * DAY + 30), [listing(2, "8.00")])
    assert [row for row in days(conn) if row[1] >= date(2026, 4, 1)] == kept  # type: ignore[operator]  # a date


def test_when_the_month_before_goes_the_next_stands_by_itself(conn: psycopg.Connection) -> None:
    for day in (0, 25, 30, 40):
        store_and_load(conn, page(day * DAY), [listing(1), listing(2, "9.00"), listing(3, "15.00" if day else "20.00")])
    for month in (date(2026, 3, 1), date(2026, 4, 1)):
        compact_month(conn, month, today=TODAY)
    kept = [row for row in days(conn) if row[1] >= date(2026, 4, 1)]  # type: ignore[operator]  # a date
    assert anchor_month(conn, date(2026, 4, 1)) == 2
    assert drop_month(conn, "core.price_history", date(2026, 3, 1))
    conn.execute("delete from core.price_history_months where month < '2026-04-01'")
    assert days(conn) == kept, "on no day more, and at no other price"
    assert rows(conn) == 3, "the listing whose price changed on its first day needed none"


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seen=st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 1439), st.integers(1, 3), st.sampled_from(["20.00", "15.00"])),
        min_size=1,
        max_size=25,
        unique_by=lambda one: one[:2],
    ),
    late=st.integers(0, 6),
)
def test_whatever_was_seen_in_whatever_order_compaction_tells_the_same(
    conn: psycopg.Connection, seen: list[tuple[int, int, int, str]], late: int
) -> None:
    conn.execute(
        "truncate core.listing_details, core.price_history, core.price_history_months, ops.compacted_months,"
        " ops.page_readings, raw.pages cascade"
    )
    ordered = sorted(seen)
    on_time, afterwards = ordered[: len(ordered) - late], ordered[len(ordered) - late :]
    for day, minute, number, price in [*afterwards, *on_time]:
        store_and_load(conn, page(day * DAY + minute - 720), [listing(number, price)])
    before = days(conn)
    first = (START - timedelta(days=1)).date().replace(day=1)
    for month in (first, date(2026, 4, 1)):
        if conn.execute("select to_regclass(%s)", (f"core.price_history_{month:%Y_%m}",)).fetchone() != (None,):
            compact_month(conn, month, today=TODAY)
    assert days(conn) == before
