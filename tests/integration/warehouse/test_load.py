"""Loading pages: idempotence, order, poison, checkpoints, links."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.listing import Availability, Listing
from domain.page import PageMeaning, PageReading, RawPage, RejectedRecord
from tests.integration.warehouse.samples import START, listing, page, reading, store_and_load
from tests.postgres import fresh_database
from warehouse.connect import DatabaseUrl, connect
from warehouse.digest import table_digests
from warehouse.load import load_reading
from warehouse.pages import read_page, store_page, store_pages, unread_pages

pytestmark = pytest.mark.integration


def _count(conn: psycopg.Connection, what: str) -> int:
    row = conn.execute(f"select count(*) from {what}").fetchone()
    assert row is not None
    return int(row[0])


def _history(conn: psycopg.Connection) -> list[tuple[str, datetime, int, str]]:
    return conn.execute(
        "select l.external_id, h.observed_at, h.price_minor, h.availability from core.price_history h"
        " join core.listings l using (listing_id) order by 1, 2"
    ).fetchall()


# ---------------------------------------------------------------- one page


def test_a_page_is_loaded_into_every_table_it_belongs_to(conn: psycopg.Connection) -> None:
    result = store_and_load(conn, page(), [listing(1), listing(2, "5.5")])
    assert (result.new, result.changed, result.unchanged, result.quarantined) == (2, 0, 0, 0)
    row = conn.execute(
        "select l.price, l.total_price, l.image_urls, s.login, t.price_minor, t.total_minor, t.checks, t.is_active"
        " from core.listings l join core.sellers s using (seller_id) join core.listing_state t using (listing_id)"
        " where l.listing_id = %s",
        (result.listing_ids[1],),
    ).fetchone()
    assert row == (
        Decimal("5.5"), Decimal("7.2"), list(listing(2).image_urls), "seller2", 550, 720, 1, True
    )  # fmt: skip
    assert [(price, availability) for _, _, price, availability in _history(conn)] == [
        (2000, "available"),
        (550, "available"),
    ]


def test_an_unchanged_listing_costs_a_heartbeat_and_a_changed_one_its_columns(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [listing(1), listing(2)])
    result = store_and_load(conn, page(5), [listing(1), listing(2, "15", title="Coat 2, reduced")])
    assert (result.new, result.changed, result.unchanged) == (0, 1, 1)
    assert result.changed_ids == (result.listing_ids[1],)
    rows = conn.execute("select title, price, last_changed_at from core.listings order by external_id").fetchall()
    assert rows[0] == ("Coat 1", 20, START)
    assert rows[1] == ("Coat 2, reduced", 15, START + timedelta(minutes=5))
    assert [price for _, _, price, _ in _history(conn)] == [2000, 2000, 1500]


def test_the_first_check_of_a_day_is_kept_as_a_heartbeat(conn: psycopg.Connection) -> None:
    for hours in (0, 6, 13, 14, 37):
        store_and_load(conn, page(hours * 60), [listing(1)])
    assert [at.day for _, at, _, _ in _history(conn)] == [10, 11, 12]


def test_of_two_records_of_one_listing_on_a_page_the_last_wins_and_none_is_lost(conn: psycopg.Connection) -> None:
    result = store_and_load(conn, page(), [listing(1, "9"), listing(2), listing(1, "8")])
    assert (result.new, result.unchanged, result.records) == (2, 1, 3)
    assert conn.execute("select price from core.listings where title = 'Coat 1'").fetchone() == (8,)


def test_what_a_search_page_does_not_say_keeps_what_the_item_page_said(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [listing(1, description="a long text", color="blue")])
    store_and_load(conn, page(5), [listing(1, "19", description=None, color=None)])
    assert conn.execute("select description, color, price from core.listings").fetchone() == ("a long text", "blue", 19)


def test_a_refused_page_leaves_its_meaning_and_touches_no_listing(conn: psycopg.Connection) -> None:
    raw = page()
    page_id = store_page(conn, raw)
    load_reading(
        conn, page_id, raw, PageReading(meaning=PageMeaning.BLOCKED, detail="a challenge\0page"), parser_version=1
    )
    assert conn.execute("select meaning, detail, records from ops.page_readings").fetchone() == (
        "blocked",
        "a challenge\\0page",
        0,
    )
    assert _count(conn, "core.listings") == 0


# ---------------------------------------------------------------- poison

_POISON = {
    "NUL": {"title": "Coat\0"},
    "lone surrogate": {"description": "half \ud83d"},
    "surrogate in the id": {"external_id": "\udfff"},
    "empty id": {"external_id": ""},
    "NaN": {"price": Decimal("NaN")},
    "negative": {"price": Decimal(-1)},
    "huge": {"price": Decimal("1e400")},
    "huge fee": {"fee": Decimal("1e15")},
    "float": {"price": 1.5},
    "currency": {"currency": "eur"},
    "ten megabytes": {"title": "x" * 10_000_000},
    "long id": {"external_id": "9" * 5000},
    "count": {"favourite_count": 2**40},
    "no zone": {"listed_at": datetime(2026, 1, 1)},  # noqa: DTZ001  # the poison itself
    "year": {"listed_at": datetime(1, 1, 1, tzinfo=UTC)},
    "other source": {"source": "ebay"},
    "image": {"image_urls": ("http://x/\0",)},
}


@pytest.mark.parametrize("name", _POISON)
def test_one_bad_record_goes_to_quarantine_with_its_reason_and_the_rest_load(
    name: str, conn: psycopg.Connection
) -> None:
    bad = listing(3, **_POISON[name])  # type: ignore[arg-type]  # the poison is the point
    rejected = RejectedRecord(index=1, reason="price: missing\ud83d", record=b'{"id": 1}\0')
    raw = page()
    page_id = store_page(conn, raw)
    result = load_reading(conn, page_id, raw, reading([listing(1), bad, listing(2)], [rejected]), parser_version=1)
    assert (result.new, result.quarantined, result.records) == (2, 2, 4)
    rows = conn.execute(
        "select record_index, reason, octet_length(record) <= 65536, page_id from ops.quarantine order by 1"
    ).fetchall()
    assert [row[0] for row in rows] == [1, 2]
    field = next(iter(_POISON[name]))
    assert rows[1][1].startswith(f"{field}:")
    assert rows[1][2:] == (True, page_id)


texts = st.text(alphabet=st.characters(exclude_categories=()), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=st.lists(
        st.builds(
            lambda number, title, price, count, label: listing(
                number, title=title, price=price, total_price=price, favourite_count=count, condition_label=label
            ),
            st.integers(1, 5),
            texts,
            st.decimals(allow_nan=True, allow_infinity=True),
            st.integers(),
            st.none() | texts,
        ),
        max_size=6,
    ),
    minute=st.integers(0, 10_000),
)
def test_whatever_a_parser_hands_over_nothing_is_raised_and_nothing_is_lost(
    records: list[Listing], minute: int, conn: psycopg.Connection
) -> None:
    result = store_and_load(conn, page(minute), records)
    assert result.records == len(records)
    assert result.new + result.changed + result.unchanged + result.quarantined == len(records)


# ---------------------------------------------------------------- idempotence and order

values = st.tuples(st.integers(1, 3), st.sampled_from([Availability.AVAILABLE, Availability.SOLD]))
observations = st.dictionaries(st.integers(1, 3), values, min_size=1, max_size=3)
# Minutes within three days, dense enough that several pages fall on one day.
scripts = st.dictionaries(st.integers(0, 24 * 3).map(lambda hour: hour * 60), observations, min_size=1, max_size=9)


def _listings(seen: dict[int, tuple[int, Availability]]) -> list[Listing]:
    return [listing(number, f"{price}.00", availability=state) for number, (price, state) in seen.items()]


def _empty(conn: psycopg.Connection) -> None:
    for table in ("core.listing_details", "core.sellers", "core.price_history", "ops.page_readings"):
        conn.execute(f"delete from {table}")


def _oracle(script: dict[int, dict[int, tuple[int, Availability]]]) -> list[tuple[str, datetime, int, str]]:
    """The history's rule, told by walking all observations in order."""
    rows: list[tuple[str, datetime, int, str]] = []
    last: dict[int, tuple[int, Availability, datetime]] = {}
    for minute in sorted(script):
        at = START + timedelta(minutes=minute)
        for number, (price, state) in script[minute].items():
            before = last.get(number)
            if before is None or before[:2] != (price, state) or before[2].date() < at.date():
                rows.append((listing(number).external_id, at, price * 100, str(state)))
            last[number] = (price, state, at)
    return sorted(rows)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=scripts, data=st.data())
def test_pages_in_any_order_and_loaded_again_end_in_the_same_rows(
    script: dict[int, dict[int, tuple[int, Availability]]],
    data: st.DataObject,
    conn: psycopg.Connection,
) -> None:
    order = data.draw(st.permutations(sorted(script)))
    again = data.draw(st.lists(st.sampled_from(sorted(script)), max_size=4))
    _empty(conn)
    # Stored in fetch order, as they are; read in any order.
    ids = {minute: store_page(conn, page(minute)) for minute in sorted(script)}

    def load(minute: int) -> None:
        load_reading(conn, ids[minute], page(minute), reading(_listings(script[minute])), parser_version=1)

    for minute in order:
        load(minute)
    shuffled = table_digests(conn)
    assert _history(conn) == _oracle(script)
    for minute in again:
        load(minute)
    assert table_digests(conn) == shuffled
    _empty(conn)
    for minute in sorted(script):
        load(minute)
    assert table_digests(conn) == shuffled


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=scripts, data=st.data())
def test_a_page_read_again_by_a_better_parser_ends_as_if_it_had_been_read_so_at_first(
    script: dict[int, dict[int, tuple[int, Availability]]],
    data: st.DataObject,
    conn: psycopg.Connection,
) -> None:
    wrong = data.draw(st.sampled_from(sorted(script)))
    misread = {number: data.draw(values) for number in script[wrong]}
    _empty(conn)
    ids = {minute: store_page(conn, page(minute)) for minute in sorted(script)}
    for minute in sorted(script):
        seen = misread if minute == wrong else script[minute]
        load_reading(conn, ids[minute], page(minute), reading(_listings(seen)), parser_version=1)
    load_reading(conn, ids[wrong], page(wrong), reading(_listings(script[wrong])), parser_version=2)
    assert _history(conn) == _oracle(script)
    corrected = table_digests(conn, ("core.listings", "core.listing_state", "core.price_history"))
    _empty(conn)
    for minute in sorted(script):
        load_reading(conn, ids[minute], page(minute), reading(_listings(script[minute])), parser_version=1)
    assert table_digests(conn, tuple(corrected)) == corrected


def test_a_better_parser_rewrites_fields_that_the_hash_leaves_out(conn: psycopg.Connection) -> None:
    raw = page()
    page_id = store_page(conn, raw)
    first = listing(1, image_urls=("http://wrong/",), listed_at=START, description="wrong")
    load_reading(conn, page_id, raw, reading([first]), parser_version=1)
    better = listing(1, image_urls=("http://right/",), listed_at=None, description=None)
    result = load_reading(conn, page_id, raw, reading([better]), parser_version=2)
    assert result.changed == 1
    assert conn.execute("select image_urls, listed_at, description from core.listings").fetchone() == (
        ["http://right/"],
        None,
        None,
    )
    assert conn.execute("select parser_version, new_items, changed_items from ops.page_readings").fetchone() == (
        2,
        1,
        0,
    ), "a page read again is the first to show what it was, and changed nothing"
    assert conn.execute("select checks from core.listing_state").fetchone() == (1,)


def test_a_late_page_never_takes_the_listing_back(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(60), [listing(1, "10", title="now")])
    result = store_and_load(conn, page(0), [listing(1, "30", title="then")])
    assert (result.unchanged, result.changed) == (1, 0)
    assert conn.execute(
        "select l.title, l.first_seen_at, s.price_minor, s.last_seen_at, s.price_changed_at, s.checks"
        " from core.listings l join core.listing_state s using (listing_id)"
    ).fetchone() == ("now", START, 1000, START + timedelta(hours=1), START + timedelta(hours=1), 2)


# ---------------------------------------------------------------- pages


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=3000), minute=st.integers(-3_000_000, 3_000_000))
def test_a_page_comes_back_byte_for_byte_and_is_stored_once(body: bytes, minute: int, conn: psycopg.Connection) -> None:
    raw = page(minute, body=body)
    page_id = store_page(conn, raw, origin="import")
    assert read_page(conn, page_id) == raw
    assert read_page(conn, page_id, raw.fetched_at) == raw
    pages = _count(conn, "raw.pages")
    assert store_pages(conn, [raw, raw]) == [page_id, page_id]
    assert _count(conn, "raw.pages") == pages


def test_a_page_with_a_very_long_address_is_stored(conn: psycopg.Connection) -> None:
    raw = RawPage(
        source="vinted",
        url="https://www.vinted.fr/catalog?" + "&".join(f"brand_ids[]={n * 7919}" for n in range(2000)),
        status=200,
        content_type="text/html",
        body=b"",
        fetched_at=START,
    )
    assert read_page(conn, store_page(conn, raw)) == raw


def test_unread_pages_come_in_fetch_order_until_they_are_read(conn: psycopg.Connection) -> None:
    minutes = [50, 10, 30, *range(100, 140)]
    ids = dict(zip(minutes, store_pages(conn, [page(minute) for minute in minutes]), strict=True))
    store_page(conn, page(24 * 60))
    day = START.date()
    seen = []
    for page_id, raw in unread_pages(conn, "vinted", day, 1):
        seen.append(page_id)
        load_reading(conn, page_id, raw, reading([listing(1)]), parser_version=1)
    assert seen == [ids[minute] for minute in sorted(minutes)]
    assert list(unread_pages(conn, "vinted", day, 1)) == []
    assert len(list(unread_pages(conn, "vinted", day, 2))) == len(minutes)
    assert list(unread_pages(conn, "ebay", day, 1)) == []


# ---------------------------------------------------------------- quarantine over readings


def test_a_record_that_a_better_parser_reads_leaves_the_quarantine_with_the_page_s_own_time(
    conn: psycopg.Connection,
) -> None:
    raw = page()
    page_id = store_page(conn, raw)
    bad = [RejectedRecord(index=0, reason="price: x", record=b"{}"), RejectedRecord(index=2, reason="id", record=b"{}")]
    load_reading(conn, page_id, raw, reading([listing(2)], bad), parser_version=1)
    before = table_digests(conn)
    load_reading(conn, page_id, raw, reading([listing(2)], bad), parser_version=1)
    assert table_digests(conn) == before
    load_reading(conn, page_id, raw, reading([listing(1), listing(2)], bad[1:]), parser_version=2)
    rows = conn.execute("select record_index, state from ops.quarantine order by 1").fetchall()
    assert rows == [(0, "resolved"), (2, "open")]
    assert {at for _, at, _, _ in _history(conn)} == {START}


# ---------------------------------------------------------------- concurrency


def test_two_loaders_of_one_source_take_turns_and_end_as_one(
    postgres_server: DatabaseUrl, database_template: DatabaseUrl
) -> None:
    script = {minute: [listing(n, f"{5 + (n + minute) % 4}") for n in range(minute % 5, 40)] for minute in range(24)}

    def run(workers: Sequence[Sequence[int]], database: DatabaseUrl) -> dict[str, str]:
        with connect(database) as conn:
            ids = dict(zip(script, store_pages(conn, [page(minute) for minute in script]), strict=True))
        failures: list[psycopg.Error] = []

        def load(minutes: Sequence[int]) -> None:
            try:
                with connect(database) as conn:
                    for minute in minutes:
                        load_reading(conn, ids[minute], page(minute), reading(script[minute]), parser_version=1)
            except psycopg.Error as error:  # reported to the test's thread
                failures.append(error)

        threads = [threading.Thread(target=load, args=(minutes,)) for minutes in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        with connect(database) as conn:
            return table_digests(conn)

    with (
        fresh_database(postgres_server, database_template) as one,
        fresh_database(postgres_server, database_template) as two,
    ):
        alone = run([list(script)], one)
        # The same pages twice over, at once, each loader in its own order.
        together = run([list(script), list(reversed(script))], two)
    assert together == alone
