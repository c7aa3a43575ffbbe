"""Procurement lots in the warehouse: merged over pages in any order, and the same pages again change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import psycopg
import pytest

from domain.lot import Lot, LotItem
from domain.page import PageMeaning, PageReading
from tests.integration.warehouse.samples import page
from warehouse.digest import table_digests
from warehouse.load import load_reading
from warehouse.pages import store_page

pytestmark = pytest.mark.integration

_ENDED = datetime(2026, 3, 9, 6, 0, tzinfo=UTC)


def lot(number: int = 1, **changes: object) -> Lot:
    """A lot as a list's row shows it: no positions."""
    fields: dict[str, object] = {
        "source": "uzex",
        "external_id": str(number),
        "lot_type": "auction",
        "status": "open",
        "url": f"https://xarid.uzex.uz/auction/detail/{number}",
        "category": "Paper",
        "start_price": Decimal("1000.50"),
    }
    return Lot(**{**fields, **changes})  # type: ignore[arg-type]  # tests choose the fields


def item(number: int, price: str = "10.25", **changes: object) -> LotItem:
    """A position of a lot."""
    fields: dict[str, object] = {
        "number": number,
        "name": f"Paper {number}",
        "quantity": Decimal("2.5"),
        "unit": "kg",
        "unit_price": Decimal(price),
        "attributes": {"format": "A4"},
    }
    return LotItem(**{**fields, **changes})  # type: ignore[arg-type]  # tests choose the fields


def put(conn: psycopg.Connection, minutes: int, *lots: Lot) -> None:
    raw = page(minutes, source="uzex", body=str(minutes).encode())
    page_id = store_page(conn, raw)
    load_reading(conn, page_id, raw, PageReading(meaning=PageMeaning.OK, lots=lots), parser_version=1)


def _rows(conn: psycopg.Connection, what: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in conn.execute(what.encode()).fetchall()]


def _versions(conn: psycopg.Connection) -> list[tuple[object, ...]]:
    """The physical versions of all rows: an update that writes the same values shows, too."""
    versions = "select ctid::text, xmin::text from {}"
    return _rows(conn, f"{versions.format('core.lots')} union all {versions.format('core.lot_items')} order by 1, 2")


def test_a_row_and_the_lots_own_answer_complete_each_other(conn: psycopg.Connection) -> None:
    put(conn, 0, lot(customer_id="300000001", customer_name="Buyer", bidders=4))
    put(conn, 1, lot(category=None, start_price=None, currency="UZS", items=(item(2), item(1, "7"))))
    assert _rows(conn, "select category, start_price, customer_name, bidders, currency from core.lots") == [
        ("Paper", Decimal("1000.5"), "Buyer", 4, "UZS")
    ]
    assert _rows(
        conn, "select number, name, quantity, unit, unit_price, attributes from core.lot_items order by number"
    ) == [
        (1, "Paper 1", Decimal("2.5"), "kg", Decimal(7), {"format": "A4"}),
        (2, "Paper 2", Decimal("2.5"), "kg", Decimal("10.25"), {"format": "A4"}),
    ]


def test_a_later_page_updates_status_price_and_positions(conn: psycopg.Connection) -> None:
    put(conn, 0, lot(items=(item(1), item(2), item(3))))
    put(conn, 5, lot(status="completed", deal_price=Decimal(800), deal_at=_ENDED, items=(item(1, "8.2"), item(3))))
    assert _rows(conn, "select status, start_price, deal_price, deal_at from core.lots") == [
        ("completed", Decimal("1000.5"), Decimal(800), _ENDED)
    ]
    assert _rows(conn, "select number, unit_price from core.lot_items order by number") == [
        (1, Decimal("8.2")),
        (3, Decimal("10.25")),
    ]


def _history() -> Sequence[tuple[int, Lot]]:
    return (
        (0, lot(region="Tashkent")),
        (5, lot(bidders=3, items=(item(1), item(2)))),
        (9, lot(status="completed", deal_price=Decimal(900), items=(item(1, "9"),))),
    )


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_pages_in_any_order_leave_the_same_lot(conn: psycopg.Connection, order: tuple[int, ...]) -> None:
    pages = _history()
    for place in order:
        put(conn, pages[place][0], pages[place][1])
    assert _rows(conn, "select status, region, deal_price, last_seen_at - first_seen_at from core.lots") == [
        ("completed", "Tashkent", Decimal(900), timedelta(minutes=9))
    ]
    assert _rows(conn, "select number, unit_price from core.lot_items order by number") == [(1, Decimal(9))]


def test_the_same_pages_twice_change_no_row(conn: psycopg.Connection) -> None:
    for minutes, shown in _history():
        put(conn, minutes, shown, lot(2, items=(item(1), item(1, "11"))))
    before, digests = _versions(conn), table_digests(conn)
    stored = conn.execute("select page_id, fetched_at from raw.pages order by page_id").fetchall()
    for (page_id, _), (minutes, shown) in zip(stored, _history(), strict=True):
        raw = page(minutes, source="uzex", body=str(minutes).encode())
        reading = PageReading(meaning=PageMeaning.OK, lots=(shown, lot(2, items=(item(1), item(1, "11")))))
        load_reading(conn, page_id, raw, reading, parser_version=1)
    assert _versions(conn) == before
    assert table_digests(conn) == digests
    assert {"core.lots", "core.lot_items"} <= set(digests)


def test_one_number_of_two_types_is_two_lots(conn: psycopg.Connection) -> None:
    put(conn, 0, lot(7), lot(7, lot_type="shop"), lot(7, lot_type="tender"))
    assert _rows(conn, "select lot_type from core.lots order by 1") == [("auction",), ("shop",), ("tender",)]


@pytest.mark.parametrize(
    "bad",
    [
        {"start_price": Decimal("NaN")},
        {"deal_price": Decimal(10) ** 30},
        {"bidders": 2**40},
        {"external_id": ""},
        {"source": "vinted"},
        {"ends_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - a time without zone is the case
        {"items": (item(2**40),)},
        {"items": (item(1, quantity=Decimal("Infinity")),)},
    ],
)
def test_a_lot_that_the_tables_cannot_hold_costs_no_other(
    conn: psycopg.Connection, bad: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    put(conn, 0, lot(1), lot(2, **bad), lot(3, title="half \ud800 and \0 nul", items=(item(1, name="\0"),)))
    assert _rows(conn, "select external_id from core.lots order by 1") == [("1",), ("3",)]
    assert "is left out" in caplog.text
