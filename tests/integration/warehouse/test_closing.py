"""A closed month lies in order and packed, and a product's history is the same read from either."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.money import from_minor
from tests.integration.warehouse.samples import START, listing, page, store_and_load
from warehouse.closing import close_month, months_to_close, pack_parts
from warehouse.compaction import compact_month
from warehouse.months import MonthError
from warehouse.partitions import partition_months
from warehouse.product_history import Observation, product_history
from warehouse.retention import Keep, apply_retention
from warehouse.watches import delete_listings

pytestmark = pytest.mark.integration

DAY = 24 * 60
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
TODAY = date(2026, 6, 2)
PRODUCT = 1


def link(conn: psycopg.Connection) -> None:
    """Link every listing to one product."""
    conn.execute("insert into core.products (product_id, sku, name) overriding system value values (1, 'P', 'coat')")
    conn.execute(
        "insert into core.product_sources (product_id, source, url, listing_id, matched_by)"
        " select 1, source, url, listing_id, 'link' from core.listings"
    )


def from_rows(conn: psycopg.Connection, since: datetime) -> list[Observation]:
    """Return what ``product_history`` must, by the rows of the history alone."""
    found = conn.execute(
        "select h.listing_id, h.observed_at, h.price_minor, h.total_minor, h.currency, h.availability"
        " from core.price_history h order by h.observed_at, h.listing_id"
    ).fetchall()
    return [
        Observation(
            listing_id, "vinted", at, from_minor(price if total is None else total, currency), currency, availability
        )
        for listing_id, at, price, total, currency, availability in found
        if at >= since
    ]


def packed_months(conn: psycopg.Connection) -> list[date]:
    return [month for (month,) in conn.execute("select month from ops.packed_months order by 1").fetchall()]


def test_a_closed_month_is_one_table_by_listing_with_the_rows_it_had(conn: psycopg.Connection) -> None:
    for day in (0, 7, 14, 18):
        store_and_load(conn, page(day * DAY), [listing(2), listing(1, "9.00" if day else "8.00")])
    before = conn.execute("select * from core.price_history order by 1, 2").fetchall()
    done = close_month(conn, MARCH, today=TODAY)
    assert (done.rows, done.packed_rows) == (8, 2)
    assert conn.execute("select * from core.price_history_2026_03").fetchall() == before
    kinds = conn.execute(
        "select relname, relkind from pg_class where relname like 'price_history_2026_03%' and relkind in ('r', 'p')"
    ).fetchall()
    assert kinds == [("price_history_2026_03", "r")]


def test_packed_prices_are_what_a_buyer_pays(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [listing(1), listing(2)])
    conn.execute("update core.price_history set total_minor = null where listing_id = 2")
    close_month(conn, MARCH, today=TODAY)
    assert conn.execute(
        "select payable_minor, currency, availability from core.price_history_packed order by listing_id"
    ).fetchall() == [([2170], "EUR", "available"), ([2000], "EUR", "available")]


def test_a_closed_month_is_read_packed_and_not_by_its_rows(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [listing(1)])
    link(conn)
    close_month(conn, MARCH, today=TODAY)
    conn.execute("update core.price_history_packed set payable_minor = '{4711}'")
    assert [str(one.price) for one in product_history(conn, PRODUCT, START)] == ["47.11"]


def test_a_late_page_is_told_at_once_and_the_month_packed_again(conn: psycopg.Connection) -> None:
    for day in (0, 1, 2, 30):
        store_and_load(conn, page(day * DAY), [listing(1)])
    link(conn)
    for month in (MARCH, APRIL):
        close_month(conn, month, today=TODAY)
    store_and_load(conn, page(DAY + 60), [listing(1, "15.00")])
    assert packed_months(conn) == [APRIL]
    prices = [float(one.price) for one in product_history(conn, PRODUCT, START)]
    assert prices == [21.7, 21.7, 16.7, 21.7, 21.7]
    assert months_to_close(conn, closed_before=date(2026, 5, 1)) == [MARCH]
    close_month(conn, MARCH, today=TODAY)
    assert packed_months(conn) == [MARCH, APRIL]
    assert [float(one.price) for one in product_history(conn, PRODUCT, START)] == prices


@pytest.mark.parametrize(
    "change",
    [
        "update core.price_history set price_minor = 1, total_minor = 2",
        "delete from core.price_history",
        "insert into core.price_history values (1, '2026-03-31 23:59:59+00', 1, 1, 'EUR', 'available')",
    ],
)
def test_whatever_changes_a_packed_month_takes_it_off_the_packed_ones(conn: psycopg.Connection, change: str) -> None:
    store_and_load(conn, page(), [listing(1)])
    close_month(conn, MARCH, today=TODAY)
    # A load that fails leaves the month as it was.
    with conn.transaction(force_rollback=True):
        conn.execute(change.encode())
        assert packed_months(conn) == []
    assert packed_months(conn) == [MARCH]
    conn.execute(change.encode())
    assert packed_months(conn) == []


def until(conn: psycopg.Connection) -> list[date]:
    return [day for (day,) in conn.execute("select until from ops.packed_months order by 1").fetchall()]


def test_the_parts_of_an_open_month_are_packed_as_they_end(conn: psycopg.Connection) -> None:
    for day in (0, 3, 8):  # the 10th, 13th and 18th of March
        store_and_load(conn, page(day * DAY), [listing(1)])
    link(conn)
    assert pack_parts(conn, settled=date(2026, 3, 5)) is None
    assert pack_parts(conn, settled=date(2026, 3, 17)) == date(2026, 3, 16)
    assert until(conn) == [date(2026, 3, 16)]
    conn.execute("update core.price_history_packed set payable_minor = '{4711, 4712}'")
    assert [str(one.price) for one in product_history(conn, PRODUCT, START)] == ["47.11", "47.12", "21.70"]
    assert pack_parts(conn, settled=date(2026, 3, 20)) is None
    assert pack_parts(conn, settled=date(2026, 3, 21)) == date(2026, 3, 21)
    assert until(conn) == [date(2026, 3, 21)]
    assert [str(one.price) for one in product_history(conn, PRODUCT, START)] == ["21.70"] * 3
    assert months_to_close(conn, closed_before=date(2026, 4, 1)) == [MARCH]
    close_month(conn, MARCH, today=TODAY)
    assert until(conn) == [APRIL]
    assert pack_parts(conn, settled=date(2026, 3, 30)) is None


def test_a_late_page_takes_the_packed_parts_off_and_the_next_care_packs_them_again(conn: psycopg.Connection) -> None:
    for day in (0, 1, 8):
        store_and_load(conn, page(day * DAY), [listing(1)])
    link(conn)
    pack_parts(conn, settled=date(2026, 3, 17))
    store_and_load(conn, page(9 * DAY), [listing(1, "15.00")])
    assert until(conn) == [date(2026, 3, 16)]
    store_and_load(conn, page(DAY + 60), [listing(1, "16.00")])
    assert until(conn) == []
    prices = [float(one.price) for one in product_history(conn, PRODUCT, START)]
    assert prices == [21.7, 21.7, 17.7, 21.7, 16.7]
    pack_parts(conn, settled=date(2026, 3, 17))
    assert [float(one.price) for one in product_history(conn, PRODUCT, START)] == prices


def test_a_day_of_an_open_month_takes_nothing_off(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [listing(1)])
    close_month(conn, MARCH, today=TODAY)
    store_and_load(conn, page(30 * DAY), [listing(1, "15.00")])
    assert packed_months(conn) == [MARCH]


def test_a_listing_that_is_deleted_goes_from_the_packed_months_which_stay_so(conn: psycopg.Connection) -> None:
    for day in (0, 25):
        store_and_load(conn, page(day * DAY), [listing(1), listing(2, "9.00")])
    link(conn)
    close_month(conn, MARCH, today=TODAY)
    (gone, _), _ = conn.execute("select listing_id, external_id from core.listings order by 2").fetchall()
    conn.execute("update core.product_sources set listing_id = null where listing_id = %s", (gone,))
    assert delete_listings(conn, [gone]) == 1
    assert packed_months(conn) == [MARCH]
    assert conn.execute("select count(*) from core.price_history_packed").fetchone() == (1,)
    assert product_history(conn, PRODUCT, START) == from_rows(conn, START)
    conn.execute("delete from core.price_history")
    assert packed_months(conn) == []


def test_packed_months_go_with_the_months_they_are_of(conn: psycopg.Connection) -> None:
    for day in (0, 25):
        store_and_load(conn, page(day * DAY), [listing(1)])
    for month in (MARCH, APRIL):
        close_month(conn, month, today=TODAY)
    gone = apply_retention(conn, Keep(raw_page_days=31, item_days=31), today=date(2026, 5, 2))
    assert "core.price_history_2026_03" in gone.partitions
    assert packed_months(conn) == [APRIL]
    assert conn.execute("select month from core.price_history_packed").fetchall() == [(APRIL,)]


def test_a_compacted_month_is_packed_no_longer(conn: psycopg.Connection) -> None:
    for day in range(3):
        store_and_load(conn, page(day * DAY), [listing(1)])
    link(conn)
    close_month(conn, MARCH, today=TODAY)
    compact_month(conn, MARCH, today=TODAY)
    assert packed_months(conn) == []
    assert len(product_history(conn, PRODUCT, START)) == 1
    assert conn.execute("select count(*) from core.price_history_packed").fetchone() == (0,)
    assert MARCH not in months_to_close(conn, closed_before=TODAY)


def test_months_that_are_not_over_or_not_there_are_told_so(conn: psycopg.Connection) -> None:
    with pytest.raises(MonthError, match="2026-06 is not over"):
        close_month(conn, date(2026, 6, 1), today=TODAY)
    with pytest.raises(MonthError, match="there is no history of 2020-01"):
        close_month(conn, date(2020, 1, 1), today=TODAY)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seen=st.lists(
        st.tuples(st.integers(0, 80), st.integers(0, 1439), st.integers(1, 3), st.sampled_from(["20.00", "15.00"])),
        min_size=1,
        max_size=20,
        unique_by=lambda one: one[:2],
    ),
    late=st.integers(0, 5),
    open_day=st.integers(1, 31),
    closed=st.sets(st.sampled_from([0, 1, 2])),
    since=st.integers(0, 80),
)
def test_a_product_s_history_is_that_of_its_rows_whatever_months_are_packed(
    conn: psycopg.Connection,
    seen: list[tuple[int, int, int, str]],
    late: int,
    open_day: int,
    closed: set[int],
    since: int,
) -> None:
    conn.execute(
        "truncate core.listing_details, core.products, core.price_history, core.price_history_packed,"
        " ops.packed_months, ops.page_readings, raw.pages cascade"
    )
    ordered = sorted(seen)
    cut = len(ordered) - late
    for day, minute, number, price in ordered[:cut]:
        store_and_load(conn, page(day * DAY + minute - 720), [listing(number, price)])
    there = partition_months(conn, "core.price_history")
    for number in sorted(closed):
        month = (MARCH, APRIL, date(2026, 5, 1))[number]
        if month in there:
            close_month(conn, month, today=TODAY)
    pack_parts(conn, settled=date(2026, 5, open_day))
    for day, minute, number, price in ordered[cut:]:
        store_and_load(conn, page(day * DAY + minute - 720), [listing(number, price)])
    link(conn)
    for at in (START - timedelta(days=1), START + timedelta(days=since)):
        assert product_history(conn, PRODUCT, at) == from_rows(conn, at)
