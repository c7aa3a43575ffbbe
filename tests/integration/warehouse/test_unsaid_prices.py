"""Pages that leave the total or the whole price unsaid, in any order and read again: rows as if read in time."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.listing import Availability, Listing, UnpricedOffer
from domain.page import PageMeaning, PageReading
from tests.integration.warehouse.samples import listing, page
from tests.integration.warehouse.test_thin_pages import CURRENCIES, item_page, search_row
from tests.integration.warehouse.test_unpriced import load, unpriced
from warehouse.load import load_reading
from warehouse.pages import store_page
from warehouse.reread import ReadPage, load_pages

pytestmark = pytest.mark.integration

# Price (None: the page shows none), availability and the fee as stated (None: an item page, which states no total).
Sight = tuple[int | None, Availability, str | None]
Script = dict[int, dict[int, Sight]]
# Minute, what the page shows, the parser's version, whether it is a backfill.
Step = tuple[int, dict[int, Sight], int, bool]
DAY = 24 * 60
sights = st.tuples(
    st.sampled_from([None, 1, 1, 2]),
    st.sampled_from([Availability.AVAILABLE, Availability.SOLD]),
    st.sampled_from([None, None, "2.00", "3.00"]),
)
scripts = st.dictionaries(
    st.integers(0, 60).map(lambda hour: hour * 60),
    st.dictionaries(st.integers(1, 2), sights, min_size=1),
    min_size=1,
    max_size=7,
)


def _reading(shown: dict[int, Sight]) -> PageReading:
    listings: list[Listing] = []
    offers: list[UnpricedOffer] = []
    for number, (price, state, fee) in shown.items():
        more = {"availability": state, "currency": CURRENCIES[number]}
        if price is None:
            offers.append(unpriced(number, state))
        elif fee is None:
            listings.append(item_page(number, f"{price}.00", **more))
        else:
            listings.append(search_row(number, f"{price}.00", fee, **more))
    return PageReading(meaning=PageMeaning.OK, listings=tuple(listings), unpriced=tuple(offers))


def _ends(conn: psycopg.Connection, steps: Sequence[Step], *, at_once: bool = False) -> tuple[list[object], ...]:
    """Read the pages in the order of the steps; return the price history, and what is shown in the end."""
    with conn.transaction(force_rollback=True):
        ids = {minute: store_page(conn, page(minute)) for minute in sorted({minute for minute, *_ in steps})}
        for minute, shown, version, again in steps:
            one = ReadPage(ids[minute], page(minute), _reading(shown))
            if at_once:
                list(load_pages(conn, [one], parser_version=version, again=again))
            else:
                load_reading(conn, *one, parser_version=version, again=again)
        return tuple(conn.execute(query).fetchall() for query in (_HISTORY, _STATES))


_HISTORY = """
select l.external_id, h.observed_at, h.price_minor, h.total_minor, h.availability
from core.price_history h join core.listings l using (listing_id) order by 1, 2
"""
_STATES = """
select l.external_id, s.price_minor, s.total_minor, s.currency, l.price, l.total_price, s.availability, s.is_active,
       s.checks, s.price_changed_at
from core.listing_state s join core.listings l using (listing_id) order by 1
"""


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=scripts, data=st.data())
def test_whatever_the_order_prices_and_totals_are_told_as_in_time(
    script: Script, data: st.DataObject, conn: psycopg.Connection
) -> None:
    order = data.draw(st.permutations(sorted(script)))
    again = data.draw(st.lists(st.sampled_from(order), max_size=2))
    in_time = _ends(conn, [(minute, script[minute], 1, False) for minute in sorted(script)])
    shuffled = [(minute, script[minute], 1, False) for minute in order]
    backfill = [(minute, script[minute], 1, True) for minute in again]
    assert _ends(conn, [*shuffled, *backfill], at_once=data.draw(st.booleans())) == in_time


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=scripts, data=st.data())
def test_a_page_whose_price_or_total_was_misread_or_not_read_ends_as_if_it_had_been_read_so_at_first(
    script: Script, data: st.DataObject, conn: psycopg.Connection
) -> None:
    wrong = data.draw(st.sampled_from(sorted(script)))
    misread = {number: data.draw(sights) for number in script[wrong]}
    # What only a misread page showed with a price stays known by it: there is nothing else to tell.
    known = _priced_first(script) & _priced_first({**script, wrong: misread})
    right = {minute: {n: sight for n, sight in shown.items() if n in known} for minute, shown in script.items()}
    misread = {number: sight for number, sight in misread.items() if number in known}
    in_time: list[Step] = [(minute, right[minute], 1, False) for minute in sorted(right)]
    at_first: list[Step] = [(m, misread if m == wrong else shown, 1, False) for m, shown, *_ in in_time]
    read_right = [*at_first, (wrong, right[wrong], 2, False)]
    assert _ends(conn, read_right, at_once=data.draw(st.booleans())) == _ends(conn, in_time)


def _priced_first(script: Script) -> set[int]:
    """Return the numbers of those whose first page shows a price."""
    first: dict[int, int | None] = {}
    for minute in sorted(script):
        for number, (price, *_) in script[minute].items():
            first.setdefault(number, price)
    return {number for number, price in first.items() if price is not None}


def test_days_that_are_read_behind_a_sale_tell_what_was_asked_last(conn: psycopg.Connection) -> None:
    load(conn, 3 * DAY, [], [unpriced(1, Availability.SOLD)])
    load(conn, 0, [listing(1, "10")])
    load(conn, DAY, [listing(1, "12")])
    rows = conn.execute("select price_minor, availability from core.price_history order by observed_at").fetchall()
    assert rows == [(1000, "available"), (1200, "available"), (1200, "sold")]
    assert conn.execute("select price, availability from core.listing_state").fetchone() == (Decimal(12), "sold")


def test_a_late_price_of_nothing_tells_nothing_of_the_page_without_one_that_follows(conn: psycopg.Connection) -> None:
    load(conn, 0, [listing(1, "10")])
    load(conn, 10, [], [unpriced(1, Availability.SOLD)])
    load(conn, 5, [listing(1, "0", total_price=Decimal(0), fee=Decimal(0))])
    rows = conn.execute("select price_minor, availability from core.price_history order by observed_at").fetchall()
    assert rows == [(1000, "available"), (1000, "sold")]
    assert conn.execute("select price from core.listing_state").fetchone() == (Decimal(10),)
