"""Many pages read again at once: the rows are those of loading each; what is known is not written."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.listing import Availability, Listing, Seller
from domain.page import PageMeaning, PageReading, RejectedRecord
from domain.watch import Watch
from tests.integration.warehouse.samples import listing, page, reading
from tests.integration.warehouse.test_thin_pages import item_page, search_row
from warehouse.digest import table_digests
from warehouse.load import load_reading
from warehouse.pages import store_page
from warehouse.readings import LoadResult
from warehouse.reread import ReadPage, load_pages
from warehouse.watches import add_watch

pytestmark = pytest.mark.integration

_WRITTEN = ("core.listing_details", "core.listing_state", "core.price_history", "core.stock_history", "core.sellers")
shown = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["item", "row", "row", "whole"]),
        # The last cannot be meant, and waits for review.
        "price": st.sampled_from(["20.00", "20.00", "20.00", "21.00", "2000.00"]),
        "availability": st.sampled_from([Availability.AVAILABLE, Availability.AVAILABLE, Availability.SOLD]),
        "currency": st.sampled_from(["EUR", "PLN"]),
        "quantity": st.sampled_from([None, 1, 2]),
        "brand": st.sampled_from(["Arket", "Arket", None, "Cos"]),
        "url": st.sampled_from(["https://www.vinted.fr/items/1", "https://www.vinted.fr/items/2"]),
        "favourite_count": st.sampled_from([None, 3, 4]),
        "login": st.sampled_from(["one", "one", "two", None]),
    }
)
pages = st.dictionaries(st.integers(1, 3), shown, max_size=3)
scripts = st.dictionaries(st.integers(0, 40).map(lambda hour: hour * 60), pages, min_size=2, max_size=7)
Shown = dict[str, object]
Script = dict[int, dict[int, Shown]]


def _listings(seen: dict[int, Shown]) -> list[Listing]:
    make: dict[str, Callable[..., Listing]] = {"item": item_page, "row": search_row, "whole": listing}
    found = []
    for number, given_fields in seen.items():
        fields = dict(given_fields)
        kind, price, login = str(fields.pop("kind")), str(fields.pop("price")), fields.pop("login")
        if kind != "item":
            fields["seller"] = Seller(external_id="7", login=None if login is None else str(login), is_business=None)
        found.append(make[kind](number, price, **fields))
    return found


def _one_after_the_other(conn: psycopg.Connection, given_pages: Sequence[ReadPage], version: int) -> list[LoadResult]:
    return [
        load_reading(conn, one.page_id, one.page, one.reading, parser_version=version, again=True)
        for one in given_pages
    ]


def _at_once(conn: psycopg.Connection, given_pages: Sequence[ReadPage], version: int) -> list[LoadResult]:
    return list(load_pages(conn, given_pages, parser_version=version, again=True))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=scripts, version=st.integers(1, 2), data=st.data())
def test_pages_read_again_at_once_end_in_the_rows_of_loading_one_after_the_other(
    script: Script, version: int, data: st.DataObject, conn: psycopg.Connection
) -> None:
    misread = data.draw(st.dictionaries(st.sampled_from(sorted(script)), pages, max_size=3))
    order = data.draw(st.permutations(sorted(script)))
    with conn.transaction(force_rollback=True):
        watch = add_watch(conn, _watch())
        raws = {minute: page(minute, watch_id=watch.watch_id if minute % 120 else None) for minute in sorted(script)}
        ids = {minute: store_page(conn, raws[minute]) for minute in sorted(script)}
        for minute in order:
            seen = misread.get(minute, script[minute])
            load_reading(conn, ids[minute], raws[minute], reading(_listings(seen)), parser_version=1)
        again = [ReadPage(ids[minute], raws[minute], reading(_listings(script[minute]))) for minute in sorted(script)]
        ends = []
        for load in (_one_after_the_other, _at_once):
            with conn.transaction(force_rollback=True):
                results = load(conn, again, version)
                ends.append((table_digests(conn), [_told(conn, one) for one in results]))
        assert ends[0] == ends[1]


def _told(conn: psycopg.Connection, result: LoadResult) -> tuple[object, ...]:
    """Return a result without our ids, which are drawn from a sequence."""
    names = dict(conn.execute("select listing_id, external_id from core.listings").fetchall())
    return result.new, result.changed, result.unchanged, result.held, [names[one] for one in result.listing_ids]


def _watch() -> Watch:
    return Watch(
        watch_id=0,
        owner="owner",
        source="vinted",
        name="coats",
        url="https://www.vinted.fr/catalog?search_text=coat",
        country="fr",
        currency="EUR",
        params={"search_text": "coat"},
    )


def _stored(conn: psycopg.Connection, *shown_at: tuple[int, Sequence[Listing]]) -> list[ReadPage]:
    found = []
    for minutes, listings in shown_at:
        raw = page(minutes)
        found.append(ReadPage(store_page(conn, raw), raw, reading(listings)))
    return found


def _versions(conn: psycopg.Connection) -> list[tuple[object, ...]]:
    return [row for table in _WRITTEN for row in conn.execute(f"select '{table}', ctid, xmin from {table}").fetchall()]


def test_pages_that_say_what_is_known_write_no_row_whether_they_are_the_newest_or_not(conn: psycopg.Connection) -> None:
    again = _stored(
        conn,
        (0, [listing(1, quantity=2), search_row(2)]),
        (10, [item_page(2, "19.00")]),
        (20, [listing(1, "18.00", quantity=1)]),
        (30, []),
    )
    _one_after_the_other(conn, again, 1)
    _one_after_the_other(conn, again, 1)
    before = _versions(conn)
    with conn.transaction():
        results = _at_once(conn, again, 2)
    assert [(one.new, one.changed, one.unchanged) for one in results] == [(0, 0, 2), (0, 0, 1), (0, 0, 1), (0, 0, 0)]
    assert _versions(conn) == before
    assert conn.execute("select distinct parser_version from ops.page_readings").fetchall() == [(2,)]
    whole = table_digests(conn)
    _one_after_the_other(conn, again, 2)
    assert table_digests(conn) == whole


def _counts(conn: psycopg.Connection) -> list[tuple[object, ...]]:
    return conn.execute(
        "select new_items, changed_items, unchanged_items, quarantined from ops.page_readings order by page_id"
    ).fetchall()


@pytest.mark.parametrize("load", [_one_after_the_other, _at_once])
def test_what_a_page_brought_when_it_was_read_first_is_still_told_once_it_is_read_again(
    conn: psycopg.Connection, load: Callable[[psycopg.Connection, Sequence[ReadPage], int], list[LoadResult]]
) -> None:
    first, second = _stored(conn, (0, [listing(1), listing(2)]), (10, [listing(1, "18.00"), listing(2), listing(3)]))
    _one_after_the_other(conn, [first, second], 1)
    assert _counts(conn) == [(2, 0, 0, 0), (1, 1, 1, 0)]
    with conn.transaction():
        load(conn, [first, second], 2)
    assert _counts(conn) == [(2, 0, 0, 0), (1, 1, 1, 0)], "by a parser that reads the same"
    seen = (listing(1, "18.00"), listing(2, title="read right now"), listing(3), listing(4))
    with conn.transaction():
        load(conn, [second._replace(reading=reading(seen))], 3)
    assert _counts(conn)[1] == (2, 1, 1, 0), "by one that reads a title right and finds another listing"
    with conn.transaction():
        load(conn, [second._replace(reading=reading(seen[:1]))], 4)
    assert _counts(conn)[1] == (1, 0, 0, 0), "never more than it shows"


@pytest.mark.parametrize(
    "changes",
    [{"url": "https://www.vinted.fr/items/other"}, {"image_urls": ("https://images.example/other.webp",)}],
    ids=["address", "photo"],
)
def test_a_field_that_the_hash_leaves_out_is_corrected_all_the_same(
    conn: psycopg.Connection, changes: dict[str, object]
) -> None:
    (wrong,) = _stored(conn, (0, [listing(1, **changes)]))
    _one_after_the_other(conn, [wrong], 1)
    right = ReadPage(wrong.page_id, wrong.page, reading([listing(1)]))
    with conn.transaction():
        _at_once(conn, [right], 1)
    assert conn.execute("select url, image_urls from core.listings").fetchall() == [
        (listing(1).url, list(listing(1).image_urls))
    ]


def test_a_page_with_a_record_that_was_refused_before_or_is_refused_now_is_loaded(conn: psycopg.Connection) -> None:
    raw = page(0)
    page_id = store_page(conn, raw)
    refused = RejectedRecord(index=1, reason="no price", record=b"{}")
    bad = PageReading(meaning=PageMeaning.OK, listings=(listing(1),), rejected=(refused,))
    load_reading(conn, page_id, raw, bad, parser_version=1)
    with conn.transaction():
        _at_once(conn, [ReadPage(page_id, raw, reading([listing(1), listing(2)]))], 2)
    assert conn.execute("select state from ops.quarantine").fetchall() == [("resolved",)]
    with conn.transaction():
        (result,) = _at_once(conn, [ReadPage(page_id, raw, reading([listing(1), listing(2, Decimal("-1"))]))], 3)
    assert result.quarantined == 1


def test_garbage_is_looked_for_again_after_a_load_that_was_left_half_way(conn: psycopg.Connection) -> None:
    raws = [page(minute) for minute in (0, 1)]
    given_pages = [ReadPage(store_page(conn, raw), raw, reading([listing(1)])) for raw in raws]
    with conn.transaction():
        results = load_pages(conn, given_pages, parser_version=1)
        next(results)
        assert not gc.isenabled()
        results.close()
    assert gc.isenabled()
