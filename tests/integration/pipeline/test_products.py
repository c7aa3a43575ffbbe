"""Products: a file of thousands, links and their watches, matching by GTIN, comparing over sources."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from domain.listing import Availability
from domain.price_kind import PriceKind
from domain.settings import Settings
from pipeline.csv_file import CsvFileError
from pipeline.products import AddressBook, ProductRowError, import_products
from tests.integration.warehouse.samples import START, listing, page, store_and_load
from warehouse.fx import Rate, upsert_rates
from warehouse.products import (
    ProductError,
    ProductRow,
    current_offers,
    get_product,
    list_products,
    match_by_gtin,
    price_changes,
    put_products,
)
from warehouse.watches import remove_watch

pytestmark = pytest.mark.integration
SETTINGS = Settings(_env_file=None)  # type: ignore[call-arg]  # pydantic's
URL = "https://www.vinted.fr/catalog?search_text="
EAN = "5901234123457"


def _rows(conn: psycopg.Connection, what: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in conn.execute(what.encode()).fetchall()]


def _state(conn: psycopg.Connection) -> list[list[tuple[object, ...]]]:
    """The physical versions too: an update that writes the same values shows."""
    return [
        _rows(conn, f"select xmin::text, t.* from {table} t order by 2")
        for table in ("core.products", "core.product_sources", "app.watches")
    ]


def _file(*lines: str, header: str = "sku,name,gtin,brand,category,url") -> bytes:
    return "\n".join((header, *lines, "")).encode()


def test_ten_thousand_rows_go_in_at_once_and_again_change_nothing(conn: psycopg.Connection) -> None:
    content = _file(*(f'S{number},"Coat, number {number}",,Arket,Coats,{URL}coat+{number}' for number in range(10_000)))
    done = import_products(conn, SETTINGS, content)
    assert (done.rows, done.bad) == (10_000, ())
    assert (done.counts.new, done.counts.changed, done.counts.links, done.counts.watches) == (10_000, 0, 10_000, 10_000)
    assert _rows(conn, "select count(*), count(distinct watch_id) from core.product_sources") == [(10_000, 10_000)]
    assert _rows(conn, "select name, rules, params, max_price from app.watches where name like 'S77 at%'") == [
        ("S77 at www.vinted.fr", ["absolute"], {"search_text": "coat 77"}, None)
    ]
    before = _state(conn)
    again = import_products(conn, SETTINGS, content)
    assert (again.counts.new, again.counts.changed, again.counts.links, again.counts.watches) == (0, 0, 0, 0)
    assert _state(conn) == before


def test_each_bad_row_is_told_by_its_line_and_the_good_are_kept(conn: psycopg.Connection) -> None:
    content = _file(
        "A,Good,,,,",
        ",No sku,,,,",
        "B,,,,,",
        "C,Bad number,5901234123450,,,",
        "D,Far address,,,,ftp://example.org/x",
        f"E,Unknown parameter,,,,{URL}coat&colour=red",
        "F,too,few",
        "",
        '"G","a name\nover two lines",,,,',
        f"H,Fine,{EAN},,,{URL}coat",
        f"A,Other name,,,,{URL}hat",
        "I,a bell\x07 rings,,,,",
        f"{'J' * 101},long,,,,",
    )
    done = import_products(conn, SETTINGS, content)
    assert [row.line for row in done.bad] == [3, 4, 5, 6, 7, 8, 13, 14, 15]
    said = {row.line: row.reason for row in done.bad}
    assert said[3] == "sku: empty"
    assert said[4] == "name: empty"
    assert said[5].startswith("gtin: '5901234123450'")
    assert said[6].startswith("url:")
    assert "colour" in said[7]
    assert said[8] == "3 fields where the head line has 6"
    assert "line 2 says 'Good'" in said[13]
    assert said[14].startswith("name:")
    assert done.rows == 12
    assert [sku for (sku,) in _rows(conn, "select sku from core.products order by 1")] == ["A", "G", "H"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty; its first line must name the columns sku, name"),
        (b"sku;title\n", "no column name in the head line; it has: sku, title"),
        (b"sku;name;title\n", "unknown column 'title'; the columns are sku, name"),
        (b"sku,name,sku\n", "twice"),
        (b"sku,name\nA,\xff\n", "line 2 is not UTF-8"),
        ("sku,name\nA,B\n".encode("utf-16-le"), "UTF-16 without its mark; save the file as UTF-8"),
    ],
)
def test_a_file_that_is_no_list_of_products_says_what_to_do(
    content: bytes, said: str, conn: psycopg.Connection
) -> None:
    with pytest.raises(CsvFileError, match=said):
        import_products(conn, SETTINGS, content)


def test_spreadsheets_semicolons_marks_and_windows_lines_are_read(conn: psycopg.Connection) -> None:
    content = "\ufeffSKU;Name;GTIN\r\nA;Płaszcz;036000291452\r\n".encode()
    assert import_products(conn, SETTINGS, content).bad == ()
    assert _rows(conn, "select sku, name, gtin from core.products") == [("A", "Płaszcz", "0036000291452")]
    unicode_text = "sku\tname\r\nB\tPłaszcz\r\n".encode("utf-16")
    assert import_products(conn, SETTINGS, unicode_text).counts.new == 1


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=200))
def test_whatever_the_file_holds_rows_are_good_or_bad(text: str, conn: psycopg.Connection) -> None:
    content = b"sku,name,url\n" + text.encode("utf-8", "replace")
    done = import_products(conn, SETTINGS, content)
    assert len(done.bad) <= done.rows


def test_a_sku_on_several_lines_has_a_link_for_each_and_one_watch_for_each_address(conn: psycopg.Connection) -> None:
    lines = (f"A,Coat,,,,{URL}coat", f"A,Coat,,,,{URL}wool+coat", f"B,Hat,,,,{URL}coat", f"A,Coat,,,,{URL}coat")
    done = import_products(conn, SETTINGS, _file(*lines))
    assert (done.counts.new, done.counts.links, done.counts.watches) == (2, 3, 2)
    names = [str(name) for (name,) in _rows(conn, "select name from app.watches order by watch_id")]
    assert names[0] == "A at www.vinted.fr"
    assert names[1].startswith("A at www.vinted.fr (")


def test_what_a_later_file_does_not_say_stays_and_what_it_says_is_changed(conn: psycopg.Connection) -> None:
    import_products(conn, SETTINGS, _file(f"A,Coat,{EAN},Arket,Coats,"))
    done = import_products(conn, SETTINGS, _file("A,Wool coat,,,Jackets,"))
    assert (done.counts.new, done.counts.changed) == (0, 1)
    assert _rows(conn, "select name, gtin, brand, category from core.products") == [
        ("Wool coat", EAN, "Arket", "Jackets")
    ]


def test_a_link_to_a_source_that_cannot_read_the_address_is_refused() -> None:
    with pytest.raises(ProductRowError, match="url"):
        AddressBook(SETTINGS).link("A", f"{URL}x&colour=red")
    with pytest.raises(ProductRowError, match="nosource"):
        AddressBook(SETTINGS).link("A", f"{URL}x", "nosource")


# ---------------------------------------------------------------- matching and comparing


def test_listings_are_matched_by_their_gtin_in_any_of_its_spellings_once(conn: psycopg.Connection) -> None:
    put_products(conn, [ProductRow(sku="A", name="A", gtin="0036000291452"), ProductRow(sku="B", name="B", gtin=EAN)])
    codes = ("036000291452", "00036000291452", "0036000291452", EAN, "Does not apply", None)
    store_and_load(conn, page(), [listing(number, gtin=code) for number, code in enumerate(codes)])
    assert match_by_gtin(conn) == 4
    assert match_by_gtin(conn) == 0
    assert _rows(
        conn,
        "select p.sku, count(*) from core.product_sources s join core.products p using (product_id)"
        " where matched_by = 'gtin' and state = 'approved' and listing_id is not null group by 1 order by 1",
    ) == [("A", 3), ("B", 1)]
    conn.execute("update core.product_sources set state = 'rejected', listing_id = null where source = 'vinted'")
    match_by_gtin(conn)
    assert current_offers(conn, get_product(conn, "A").product_id, base_currency="EUR", today=START.date()) == []


def test_a_product_s_listing_outlives_the_watch_that_found_it(conn: psycopg.Connection) -> None:
    put_products(
        conn,
        [
            ProductRow(sku="A", name="A", gtin=EAN),
            ProductRow(sku="B", name="B", link=AddressBook(SETTINGS).link("B", f"{URL}coat")),
        ],
    )
    (watch_id,) = conn.execute("select watch_id from app.watches").fetchone() or (0,)
    store_and_load(conn, page(watch_id=watch_id), [listing(1, gtin=EAN), listing(2)])
    assert match_by_gtin(conn, source="ebay") == 0
    assert match_by_gtin(conn, source="vinted") == 1
    assert remove_watch(conn, watch_id) == 1
    assert _rows(conn, "select title from core.listings") == [("Coat 1",)]
    assert _rows(conn, "select watch_id from core.product_sources where matched_by = 'link'") == [(None,)]


def test_changes_before_any_statistics_say_so(conn: psycopg.Connection) -> None:
    with pytest.raises(ProductError, match="hourly"):
        price_changes(conn, 7)


def test_current_prices_are_compared_over_sources_in_the_base_currency_cheapest_first(conn: psycopg.Connection) -> None:
    day = START.date()
    upsert_rates(
        conn,
        [
            Rate(day=date(2026, 3, 6), currency="GBP", base_currency="EUR", rate=Decimal("1.25"), provider="t"),
            Rate(day=date(2027, 3, 6), currency="GBP", base_currency="EUR", rate=Decimal(9), provider="t"),
        ],
    )
    put_products(conn, [ProductRow(sku="A", name="A", gtin=EAN), ProductRow(sku="B", name="B")])
    made = AddressBook(SETTINGS).link("A", f"{URL}coat")
    put_products(conn, [ProductRow(sku="A", name="A", link=made)])
    (watch_id,) = conn.execute("select watch_id from app.watches").fetchone() or (0,)

    store_and_load(
        conn,
        page(source="ebay"),
        [
            listing(1, "16", source="ebay", gtin=EAN, currency="GBP", total_price=None, fee=None),
            listing(2, "1", source="ebay", gtin=EAN, price_kind=PriceKind.CURRENT_BID, total_price=None, fee=None),
            listing(3, "2", source="ebay", gtin=EAN, availability=Availability.SOLD, total_price=None, fee=None),
            listing(4, "3", source="ebay", gtin=EAN, currency="JPY", total_price=None, fee=None),
        ],
    )
    store_and_load(conn, page(5, watch_id=watch_id), [listing(5, "15", total_price=Decimal(19), fee=None)])
    match_by_gtin(conn)
    offers = current_offers(conn, get_product(conn, "A").product_id, base_currency="EUR", today=day)
    assert [(one.source, one.price, one.value, one.is_on_offer) for one in offers] == [
        ("vinted", Decimal(19), Decimal(19), True),
        ("ebay", Decimal(16), Decimal(20), True),
        ("ebay", Decimal(3), None, True),
        ("ebay", Decimal(1), Decimal(1), False),
        ("ebay", Decimal(2), Decimal(2), False),
    ]
    listed = list_products(conn, base_currency="EUR", today=day)
    assert [(row.sku, row.offers, row.best_value, row.best_source) for row in listed] == [
        ("A", 3, Decimal(19), "vinted"),
        ("B", 0, None, None),
    ]
    with pytest.raises(ProductError, match="product list"):
        get_product(conn, "C")
