"""Things without a price, stock, and what a listing says beyond the first source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.listing import Availability, Listing, UnpricedOffer
from domain.page import PageMeaning, PageReading
from domain.price_kind import PriceKind
from tests.integration.warehouse.samples import START, listing, page, store_and_load
from warehouse.digest import table_digests
from warehouse.load import load_reading
from warehouse.pages import store_page
from warehouse.readings import LoadResult

pytestmark = pytest.mark.integration


def unpriced(
    number: int, availability: Availability = Availability.OUT_OF_STOCK, /, **changes: object
) -> UnpricedOffer:
    like = listing(number)
    fields: dict[str, object] = {
        "source": like.source,
        "external_id": like.external_id,
        "url": like.url,
        "title": like.title,
        "reason": "the page shows no price",
        "availability": availability,
    }
    return UnpricedOffer(**{**fields, **changes})  # type: ignore[arg-type]  # tests choose the fields


def load(
    conn: psycopg.Connection,
    minutes: float,
    listings: Sequence[Listing] = (),
    offers: Sequence[UnpricedOffer] = (),
    *,
    parser_version: int = 1,
) -> LoadResult:
    raw = page(minutes)
    reading = PageReading(meaning=PageMeaning.OK, listings=tuple(listings), unpriced=tuple(offers))
    return load_reading(conn, store_page(conn, raw), raw, reading, parser_version=parser_version)


def _state(conn: psycopg.Connection) -> tuple[object, ...]:
    row = conn.execute(
        "select availability, price_minor, is_active, last_seen_at, checks from core.listing_state"
    ).fetchone()
    assert row is not None
    return tuple(row)


def _history(conn: psycopg.Connection) -> list[tuple[object, ...]]:
    return conn.execute(
        "select observed_at, price_minor, availability from core.price_history order by listing_id, observed_at"
    ).fetchall()


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_a_known_listing_without_a_price_takes_the_availability_and_keeps_its_last_price(
    conn: psycopg.Connection,
) -> None:
    load(conn, 0, [listing(1)])
    result = load(conn, 5, offers=[unpriced(1), unpriced(99)])
    assert (result.unpriced, result.records, result.new, result.changed) == (2, 2, 0, 0)
    assert _state(conn) == ("out_of_stock", 2000, False, at(5), 2)
    assert _history(conn) == [(at(0), 2000, "available"), (at(5), 2000, "out_of_stock")]
    assert conn.execute("select count(*), max(price), max(last_changed_at) from core.listings").fetchone() == (
        1,
        Decimal(20),
        at(5),
    )
    assert conn.execute("select records, unpriced, new_items from ops.page_readings order by page_id").fetchall() == [
        (1, 0, 1),
        (2, 2, 0),
    ]


def test_an_offer_without_a_price_makes_a_row_on_change_only(conn: psycopg.Connection) -> None:
    load(conn, 0, [listing(1)])
    for day in range(1, 4):
        load(conn, day * 24 * 60, offers=[unpriced(1)])
    load(conn, 5 * 24 * 60, offers=[unpriced(1, Availability.DISCONTINUED)])
    assert [(price, word) for _, price, word in _history(conn)] == [
        (2000, "available"),
        (2000, "out_of_stock"),
        (2000, "discontinued"),
    ]


def test_a_listing_that_has_a_price_again_is_a_change_and_can_be_judged_again(conn: psycopg.Connection) -> None:
    load(conn, 0, [listing(1)])
    load(conn, 5, offers=[unpriced(1)])
    assert load(conn, 10, [listing(1)]).changed == 1
    assert _state(conn) == ("available", 2000, True, at(10), 3)
    assert [word for _, _, word in _history(conn)] == ["available", "out_of_stock", "available"]


def test_a_late_page_without_a_price_never_overrides_what_is_newer(conn: psycopg.Connection) -> None:
    load(conn, 0, [listing(1)])
    load(conn, 60, [listing(1, "15")])
    load(conn, 30, offers=[unpriced(1)])
    assert _state(conn) == ("available", 1500, True, at(60), 3)
    assert _history(conn) == [(at(0), 2000, "available"), (at(30), 2000, "out_of_stock"), (at(60), 1500, "available")]


def test_a_late_page_without_a_price_before_the_first_price_invents_none(conn: psycopg.Connection) -> None:
    load(conn, 60, [listing(1)])
    load(conn, 0, offers=[unpriced(1)])
    assert _history(conn) == [(at(60), 2000, "available")]


def test_of_a_price_and_none_for_one_thing_on_one_page_the_price_has_its_say(conn: psycopg.Connection) -> None:
    result = load(conn, 0, [listing(1)], [unpriced(1)])
    assert (result.new, result.unpriced, result.records) == (1, 1, 2)
    assert _state(conn)[0] == "available"


def test_offers_that_no_table_could_hold_cost_nothing(conn: psycopg.Connection) -> None:
    odd = [unpriced(1, external_id=text) for text in ("\0", "\ud83d", "", "x" * 100_000)]
    result = load(conn, 0, [listing(1)], [*odd, unpriced(1, source="ebay")])
    assert (result.new, result.unpriced) == (1, 5)


def test_a_better_parser_may_find_the_price_after_all(conn: psycopg.Connection) -> None:
    load(conn, 0, [listing(1)])
    load(conn, 5, offers=[unpriced(1)])
    load(conn, 5, [listing(1, "12")], parser_version=2)
    assert _state(conn) == ("available", 1200, True, at(5), 2)
    assert _history(conn) == [(at(0), 2000, "available"), (at(5), 1200, "available")]


def test_a_better_parser_may_find_that_there_was_no_price(conn: psycopg.Connection) -> None:
    load(conn, 0, [listing(1)])
    load(conn, 5, [listing(1, "12")])
    load(conn, 5, offers=[unpriced(1)], parser_version=2)
    assert _state(conn) == ("out_of_stock", 2000, False, at(5), 2)
    assert conn.execute("select price from core.listings").fetchone() == (Decimal(20),)
    assert _history(conn) == [(at(0), 2000, "available"), (at(5), 2000, "out_of_stock")]


_STATES = (Availability.AVAILABLE, Availability.OUT_OF_STOCK, Availability.UNKNOWN)
# None is a page without a price.
_seen = st.tuples(st.none() | st.integers(1, 2), st.sampled_from(_STATES))
_scripts = st.dictionaries(
    st.integers(0, 50).map(lambda hour: hour * 60), st.dictionaries(st.integers(1, 2), _seen, min_size=1), max_size=7
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=_scripts, data=st.data())
def test_pages_without_prices_loaded_again_change_nothing_and_follow_the_rule(
    script: dict[int, dict[int, tuple[int | None, Availability]]], data: st.DataObject, conn: psycopg.Connection
) -> None:
    for table in (
        "core.listing_details",
        "core.sellers",
        "core.price_history",
        "ops.page_readings",
        "ops.unknown_offers",
    ):
        conn.execute(f"delete from {table}")
    expected: list[tuple[object, ...]] = []
    last: dict[int, tuple[int, Availability, datetime]] = {}

    def run(minute: int) -> None:
        seen = script[minute]
        load(
            conn,
            minute,
            [listing(n, f"{price}.00", availability=word) for n, (price, word) in seen.items() if price is not None],
            [unpriced(n, word) for n, (price, word) in seen.items() if price is None],
        )

    for minute in sorted(script):
        run(minute)
        for number, (price, word) in sorted(script[minute].items()):
            before = last.get(number)
            if price is None and before is None:
                continue
            told = before[0] if price is None and before is not None else 100 * (price or 0)
            heartbeat = price is not None and before is not None and before[2].date() < at(minute).date()
            if before is None or before[:2] != (told, word) or heartbeat:
                expected.append((number, at(minute), told, str(word)))
            last[number] = (told, word, at(minute))
    rows = conn.execute(
        "select right(external_id, 1)::int, observed_at, price_minor, availability"
        " from core.price_history join core.listings using (listing_id)"
    ).fetchall()
    assert sorted(rows) == sorted(expected)  # type: ignore[type-var]  # rows of one shape
    before_again = table_digests(conn)
    for minute in data.draw(st.lists(st.sampled_from(sorted(script)), max_size=4)) if script else []:
        run(minute)
    assert table_digests(conn) == before_again


# ---------------------------------------------------------------- what only some sources say

_MORE: dict[str, object] = {
    "price_kind": PriceKind.FROM,
    "list_price": Decimal("30.00"),
    "shipping_price": Decimal("0.00"),
    "sku": "A-1",
    "gtin": "5901234123457",
    "group_id": "g7",
    "country": "PL",
    "ends_at": datetime(2026, 4, 1, tzinfo=UTC),
    "attributes": {"era": "1970s", "note": 'a "quote", a tab\t, a \\ and ü'},
}


def _more(conn: psycopg.Connection) -> dict[str, object]:
    names = list(_MORE)
    row = conn.execute(f"select {', '.join(names)} from core.listings").fetchone()
    assert row is not None
    return dict(zip(names, row, strict=True))


def test_every_further_field_of_a_listing_is_kept_whichever_way_it_enters(conn: psycopg.Connection) -> None:
    load(conn, 0, [listing(1)])
    assert _more(conn) == {**dict.fromkeys(_MORE), "price_kind": "price", "attributes": {}}
    load(conn, 5, [listing(1, **_MORE)])
    assert _more(conn) == {**_MORE, "price_kind": "from"}
    conn.execute("delete from core.listing_details")
    load(conn, 10, [listing(1, **_MORE)])
    assert _more(conn) == {**_MORE, "price_kind": "from"}


@pytest.mark.parametrize("name", [name for name in _MORE if name != "price_kind"])
def test_a_page_that_leaves_a_field_out_neither_erases_it_nor_makes_a_change(
    name: str, conn: psycopg.Connection
) -> None:
    load(conn, 0, [listing(1, **_MORE)])
    left_out = listing(1, **{**_MORE, name: {} if name == "attributes" else None})
    assert load(conn, 5, [left_out]).changed == 0
    assert _more(conn)[name] == _MORE[name]
    assert conn.execute("select carried from core.listings").fetchone() == ([name],)


@pytest.mark.parametrize("name", list(_MORE))
def test_a_field_that_changes_is_a_change(name: str, conn: psycopg.Connection) -> None:
    other = {
        **dict.fromkeys(("sku", "gtin", "group_id"), "77"),
        **dict.fromkeys(("list_price", "shipping_price"), Decimal("3.50")),
        "price_kind": PriceKind.CURRENT_BID,
        "country": "DE",
        "ends_at": datetime(2026, 5, 1, tzinfo=UTC),
        "attributes": {**_MORE["attributes"], "era": "1980s"},  # type: ignore[dict-item]  # it is one
    }
    load(conn, 0, [listing(1, **_MORE)])
    assert load(conn, 5, [listing(1, **{**_MORE, name: other[name]})]).changed == 1
    assert _more(conn)[name] == other[name]


def test_a_list_price_goes_with_the_price_it_stood_beside(conn: psycopg.Connection) -> None:
    load(conn, 0, [listing(1, "20", list_price=Decimal(30))])
    load(conn, 5, [listing(1, "25")])
    assert _more(conn)["list_price"] is None


@pytest.mark.parametrize(
    "bad",
    [
        {"country": "uk"},
        {"list_price": Decimal("NaN")},
        {"shipping_price": Decimal(-1)},
        {"gtin": "1" * 500},
        {"quantity": 2**40},
        {"ends_at": datetime(2026, 1, 1)},  # noqa: DTZ001  # the poison itself
        {"attributes": {"a": "\0"}},
        {"attributes": {"a": "x" * 5_000}},
    ],
    ids=lambda bad: f"{bad}"[:40],
)
def test_a_further_field_that_cannot_be_kept_costs_its_record_alone(
    bad: dict[str, object], conn: psycopg.Connection
) -> None:
    result = load(conn, 0, [listing(1), listing(2, **bad)])
    assert (result.new, result.quarantined) == (1, 1)
    row = conn.execute("select reason, record from ops.quarantine").fetchone()
    assert row is not None
    assert row[0].startswith(f"{next(iter(bad))}:")
    assert msgspec.json.decode(row[1])["title"] == "Coat 2"


# ---------------------------------------------------------------- stock


def test_the_stock_history_has_a_row_on_change_only(conn: psycopg.Connection) -> None:
    for minute, quantity in ((0, 5), (5, 5), (10, None), (24 * 60, 5), (24 * 60 + 5, 3), (48 * 60, 0)):
        store_and_load(conn, page(minute), [listing(1, quantity=quantity), listing(2)])
    rows = conn.execute("select observed_at, quantity from core.stock_history order by 1").fetchall()
    assert rows == [(at(0), 5), (at(24 * 60 + 5), 3), (at(48 * 60), 0)]
    assert conn.execute("select quantity from core.listing_state order by listing_id").fetchall() == [(0,), (None,)]


def test_a_late_stock_is_put_in_its_place_and_the_present_one_stays(conn: psycopg.Connection) -> None:
    for minute, quantity in ((60, 5), (0, 9), (30, 7), (45, 7)):
        store_and_load(conn, page(minute), [listing(1, quantity=quantity)])
    rows = conn.execute("select observed_at, quantity from core.stock_history order by 1").fetchall()
    assert rows == [(at(0), 9), (at(30), 7), (at(60), 5)]
    assert conn.execute("select quantity from core.listing_state").fetchone() == (5,)


def test_a_thing_sold_before_its_older_page_was_read_is_sold_whatever_the_order(conn: psycopg.Connection) -> None:
    load(conn, 60, [], [unpriced(1, Availability.SOLD)])
    load(conn, 0, [listing(1)])
    assert _state(conn)[0] == "sold"
    rows = conn.execute("select availability from core.price_history order by observed_at").fetchall()
    assert rows == [("available",), ("sold",)]


def test_a_page_read_again_says_which_listings_it_shows(conn: psycopg.Connection) -> None:
    sold = PageReading(meaning=PageMeaning.OK, unpriced=(unpriced(1, Availability.SOLD),))
    raw = page(60)
    page_id = store_page(conn, raw)
    load_reading(conn, page_id, raw, sold, parser_version=1)
    load(conn, 0, [listing(1)])
    load_reading(conn, page_id, raw, sold, parser_version=1, again=True)
    assert _state(conn)[0] == "sold"
    found = conn.execute("select listing_ids from ops.page_readings where page_id = %s", (page_id,)).fetchone()
    assert found is not None
    assert len(found[0]) == 1


def _ends(
    conn: psycopg.Connection, script: dict[int, dict[int, tuple[int | None, Availability]]], order: Sequence[int]
) -> dict[str, str]:
    """Load the pages in an order, some perhaps again; return the digests of all tables."""
    with conn.transaction(force_rollback=True):
        ids = {minute: store_page(conn, page(minute)) for minute in sorted(script)}
        for place, minute in enumerate(order):
            seen = script[minute].items()
            found = PageReading(
                meaning=PageMeaning.OK,
                listings=tuple(listing(n, f"{price}.00", availability=word) for n, (price, word) in seen if price),
                unpriced=tuple(unpriced(n, word) for n, (price, word) in seen if price is None),
            )
            is_again = place >= len(script)
            load_reading(conn, ids[minute], page(minute), found, parser_version=1, again=is_again)
        return table_digests(conn)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=_scripts, data=st.data())
def test_pages_with_and_without_prices_tell_the_same_in_whatever_order_they_are_read(
    script: dict[int, dict[int, tuple[int | None, Availability]]], data: st.DataObject, conn: psycopg.Connection
) -> None:
    order = data.draw(st.permutations(sorted(script)))
    again = data.draw(st.lists(st.sampled_from(order), max_size=2)) if order else []
    assert _ends(conn, script, [*order, *again]) == _ends(conn, script, sorted(script))
