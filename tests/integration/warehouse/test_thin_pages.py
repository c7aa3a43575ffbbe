"""Pages that say less than others: nothing known is lost, nothing looks changed, in whatever order they are read."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.condition import Condition
from domain.listing import Availability, Listing
from tests.integration.warehouse.samples import START, listing, page, reading, store_and_load
from warehouse.digest import table_digests
from warehouse.load import load_reading
from warehouse.pages import store_page

pytestmark = pytest.mark.integration


def search_row(number: int, price: str = "20.00", /, fee: str | None = None, **changes: object) -> Listing:
    """A listing as the search service shows it: no description, colour, category."""
    paid = Decimal(price)
    buyer_fee = (Decimal("0.70") + paid * Decimal("0.05")) if fee is None else Decimal(fee)
    return listing(number, price, **{"description": None, "fee": buyer_fee, "total_price": paid + buyer_fee, **changes})


def item_page(number: int, price: str = "20.00", /, **changes: object) -> Listing:
    """A listing as the item page's product block shows it: no total, fee, seller, size or grade."""
    return listing(
        number,
        price,
        **{
            "total_price": None,
            "fee": None,
            "seller": None,
            "size": None,
            "condition": Condition.UNKNOWN,
            "condition_label": "UsedCondition",
            "color": "blue",
            "category": "Coats",
            "listed_at": None,
            "favourite_count": None,
            **changes,
        },
    )


def _one(conn: psycopg.Connection, columns: str) -> tuple[object, ...]:
    row = conn.execute(
        f"select {columns} from core.listings l join core.listing_state t using (listing_id)"
        " left join core.sellers s using (seller_id)"
    ).fetchone()
    assert row is not None
    return tuple(row)


def test_an_item_page_keeps_what_only_the_search_row_said_and_adds_what_only_it_says(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [search_row(1, original_price=Decimal(90), original_currency="PLN")])
    store_and_load(conn, page(5), [item_page(1, image_urls=())])
    assert _one(
        conn,
        "l.total_price, l.fee, l.size, l.condition, l.condition_label, s.login, l.original_price, l.description,"
        " l.color, l.category, t.total_minor, cardinality(l.image_urls), l.listed_at is not null",
    ) == (
        Decimal("21.7"), Decimal("1.7"), "M", "very_good", "Très bon état", "seller1", 90, "warm", "blue", "Coats",
        2170, 2, True,
    )  # fmt: skip


@pytest.mark.parametrize("currency", ["EUR", "PLN"])
def test_search_row_and_item_page_in_turn_change_nothing_after_the_first_two(
    conn: psycopg.Connection, currency: str
) -> None:
    changes = []
    for check in range(8):
        shown = item_page(1, currency=currency) if check % 2 else search_row(1, currency=currency)
        changes.append(store_and_load(conn, page(check * 5), [shown]).changed)
    assert changes[2:] == [0] * 6
    rows = conn.execute("select price_minor, total_minor from core.price_history").fetchall()
    assert rows == [(2000, 2170)], "the price never moved, so the day has one row"
    assert _one(conn, "t.price_changed_at, l.last_changed_at") == (START, START + timedelta(minutes=5))


def test_a_price_that_moves_on_an_item_page_is_told_with_the_fee_of_the_site_s_rule(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [search_row(1, "20.00")])
    store_and_load(conn, page(5), [item_page(1, "10.00")])
    assert _one(conn, "l.total_price, l.fee, t.total_minor") == (Decimal("11.2"), Decimal("1.2"), 1120)


def test_without_a_rule_the_last_known_fee_stands_so_that_no_bare_price_looks_like_a_drop(
    conn: psycopg.Connection,
) -> None:
    store_and_load(conn, page(), [search_row(1, "20.00", "3.90", currency="PLN")])
    store_and_load(conn, page(5), [item_page(1, "18.00", currency="PLN")])
    assert _one(conn, "t.price_minor, t.total_minor") == (1800, 2190)
    store_and_load(conn, page(10), [item_page(1, "17.00", currency="EUR")])
    assert _one(conn, "t.price_minor, t.total_minor") == (1700, 1855)
    store_and_load(conn, page(15), [item_page(1, "18.00", currency="CZK")])
    assert _one(conn, "t.price_minor, t.total_minor") == (1800, None)


def test_a_coarser_grade_never_replaces_a_finer_one_and_a_finer_one_does(conn: psycopg.Connection) -> None:
    new = {"condition": Condition.NEW, "condition_label": "NewCondition"}
    graded = {"condition": Condition.NEW_WITH_TAGS, "condition_label": "Neuf avec étiquette"}
    store_and_load(conn, page(), [item_page(1, **new)])
    assert _one(conn, "l.condition") == ("new",)
    store_and_load(conn, page(5), [search_row(1, **graded)])
    for minutes, coarse in ((10, new), (15, {}), (20, {"condition_label": None})):
        store_and_load(conn, page(minutes), [item_page(1, **coarse)])
        assert _one(conn, "l.condition, l.condition_label") == ("new_with_tags", "Neuf avec étiquette")
    store_and_load(conn, page(25), [search_row(1)])
    assert _one(conn, "l.condition, l.condition_label") == ("very_good", "Très bon état")


def test_a_total_that_is_stated_replaces_one_that_was_told_by_the_rule(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [item_page(1)])
    assert _one(conn, "t.total_minor, l.carried") == (2170, ["total_price"])
    assert store_and_load(conn, page(5), [search_row(1, "20.00", "1.80")]).changed == 1
    assert store_and_load(conn, page(10), [item_page(1)]).changed == 0
    assert _one(conn, "t.total_minor, l.carried") == (
        2180, ["condition", "listed_at", "size", "total_price"]
    )  # fmt: skip


def test_a_thin_page_read_again_by_a_better_parser_loses_only_what_it_had_told_itself(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [search_row(1)])
    raw = page(5)
    page_id = store_page(conn, raw)
    load_reading(conn, page_id, raw, reading([item_page(1, color="wrong")]), parser_version=1)
    load_reading(conn, page_id, raw, reading([item_page(1, color=None)]), parser_version=2)
    assert _one(conn, "l.color, l.description, l.size, l.condition, t.total_minor") == (
        None, "warm", "M", "very_good", 2170
    )  # fmt: skip


def test_an_older_page_read_again_by_a_better_parser_corrects_what_is_carried_on_from_it(
    conn: psycopg.Connection,
) -> None:
    raw = page()
    page_id = store_page(conn, raw)
    wrong = search_row(1, "20.00", "9.99", size="wrong", condition=Condition.FAIR, condition_label="wrong")
    load_reading(conn, page_id, raw, reading([wrong]), parser_version=1)
    store_and_load(conn, page(5), [item_page(1)])
    assert _one(conn, "l.size, t.total_minor") == ("wrong", 2999)
    load_reading(conn, page_id, raw, reading([search_row(1)]), parser_version=2)
    assert _one(conn, "l.size, l.condition, l.total_price, t.total_minor, l.description") == (
        "M", "very_good", Decimal("21.7"), 2170, "warm"
    )  # fmt: skip


# ---------------------------------------------------------------- any order

# Price, availability and the fee as stated; None for an item page. In PLN no rule tells the fee.
observations = st.tuples(
    st.integers(1, 2),
    st.sampled_from([Availability.AVAILABLE, Availability.SOLD]),
    st.sampled_from([None, None, "2.00", "3.00"]),
)
pages = st.dictionaries(st.integers(1, 2), observations, min_size=1, max_size=2)
scripts = st.dictionaries(st.integers(0, 24 * 3).map(lambda hour: hour * 60), pages, min_size=2, max_size=9)
Observation = tuple[int, Availability, str | None]
Script = dict[int, dict[int, Observation]]
CURRENCIES = {1: "EUR", 2: "PLN"}


def _listings(seen: dict[int, Observation]) -> list[Listing]:
    found = []
    for number, (price, state, fee) in seen.items():
        given_by_all = {"availability": state, "currency": CURRENCIES[number]}
        found.append(
            item_page(number, f"{price}.00", **given_by_all)
            if fee is None
            else search_row(number, f"{price}.00", fee, **given_by_all)
        )
    return found


def _history(conn: psycopg.Connection) -> list[tuple[str, datetime, int, int | None, str]]:
    return conn.execute(
        "select l.external_id, h.observed_at, h.price_minor, h.total_minor, h.availability from core.price_history h"
        " join core.listings l using (listing_id) order by 1, 2"
    ).fetchall()


def _fee(number: int, price: int, before: tuple[int, int | None] | None) -> int | None:
    """The rule for a fee that is not stated, in cents, told in words of its own."""
    if before is not None and before[0] == price and before[1] is not None:
        return before[1]
    if CURRENCIES[number] == "EUR":
        return 70 + 5 * price
    return None if before is None else before[1]


def _oracle(script: Script) -> list[tuple[str, datetime, int, int | None, str]]:
    rows = []
    last: dict[int, tuple[int, int | None, Availability, datetime]] = {}
    for minute in sorted(script):
        at = START + timedelta(minutes=minute)
        for number, (price, state, stated) in script[minute].items():
            before = last.get(number)
            fee = int(Decimal(stated) * 100) if stated else _fee(number, price, before[:2] if before else None)
            if before is None or before[:3] != (price, fee, state) or before[3].date() < at.date():
                total = None if fee is None else price * 100 + fee
                rows.append((listing(number).external_id, at, price * 100, total, str(state)))
            last[number] = (price, fee, state, at)
    return sorted(rows)


def _empty(conn: psycopg.Connection) -> None:
    for table in ("core.listing_details", "core.sellers", "core.price_history", "ops.page_readings"):
        conn.execute(f"delete from {table}")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=scripts, data=st.data())
def test_rich_and_thin_pages_in_any_order_and_loaded_again_end_in_the_same_rows(
    script: Script, data: st.DataObject, conn: psycopg.Connection
) -> None:
    order = data.draw(st.permutations(sorted(script)))
    again = data.draw(st.lists(st.sampled_from(sorted(script)), max_size=4))
    _empty(conn)
    ids = {minute: store_page(conn, page(minute)) for minute in sorted(script)}

    def load(minute: int) -> None:
        load_reading(conn, ids[minute], page(minute), reading(_listings(script[minute])), parser_version=1)

    for minute in order:
        load(minute)
    assert _history(conn) == _oracle(script)
    shuffled = table_digests(conn)
    for minute in again:
        load(minute)
    assert table_digests(conn) == shuffled
    _empty(conn)
    for minute in sorted(script):
        load(minute)
    assert _history(conn) == _oracle(script)
    assert table_digests(conn) == shuffled


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=scripts, data=st.data())
def test_a_page_read_again_by_a_better_parser_ends_as_if_it_had_been_read_so_at_first_thin_pages_about(
    script: Script, data: st.DataObject, conn: psycopg.Connection
) -> None:
    wrong = data.draw(st.sampled_from(sorted(script)))
    # Misread in price, fee or availability, not in which fields the page has.
    misread = {}
    for number, (_, _, fee) in script[wrong].items():
        price, state, other = data.draw(observations)
        misread[number] = (price, state, None if fee is None else other or "4.00")
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
