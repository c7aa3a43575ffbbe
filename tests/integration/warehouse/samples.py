"""Pages and listings made for the warehouse's tests, small and whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg

from domain.condition import Condition
from domain.listing import Availability, Listing, Seller
from domain.page import PageMeaning, PageReading, RawPage, RejectedRecord
from warehouse.load import load_reading
from warehouse.pages import store_page
from warehouse.readings import LoadResult

START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def listing(number: int, price: str = "20.00", /, **changes: object) -> Listing:
    """Return a listing of Vinted with every field filled; ``changes`` replace fields."""
    fields: dict[str, object] = {
        "source": "vinted",
        "external_id": str(8_000_000_000 + number),
        "url": f"https://www.vinted.fr/items/{8_000_000_000 + number}",
        "title": f"Coat {number}",
        "description": "warm",
        "price": Decimal(price),
        "currency": "EUR",
        "total_price": Decimal(price) + Decimal("1.70"),
        "fee": Decimal("1.70"),
        "brand": "Arket",
        "size": "M",
        "condition": Condition.VERY_GOOD,
        "condition_label": "Très bon état",
        "image_urls": (f"https://images.example/{number}.webp", 'https://images.example/"odd\\one".webp'),
        "seller": Seller(external_id=str(number % 3), login=f"seller{number % 3}", is_business=False),
        "favourite_count": 3,
        "availability": Availability.AVAILABLE,
        "listed_at": START - timedelta(days=2),
    }
    return Listing(**{**fields, **changes})  # type: ignore[arg-type]  # tests choose the fields


def page(
    minutes: float = 0, *, watch_id: int | None = None, body: bytes | None = None, source: str = "vinted"
) -> RawPage:
    """Return a raw page fetched some minutes after START."""
    at = START + timedelta(minutes=minutes)
    return RawPage(
        source=source,
        url="https://www.vinted.fr/catalog?search_text=coat",
        status=200,
        content_type="application/json",
        body=body if body is not None else f'{{"at": "{at.isoformat()}"}}'.encode(),
        fetched_at=at,
        watch_id=watch_id,
        page_number=1,
        duration_ms=120,
    )


def reading(listings: Sequence[Listing], rejected: Sequence[RejectedRecord] = ()) -> PageReading:
    """Return a reading of an ordinary page."""
    return PageReading(
        meaning=PageMeaning.OK if listings else PageMeaning.EMPTY, listings=tuple(listings), rejected=tuple(rejected)
    )


def store_and_load(
    conn: psycopg.Connection, raw: RawPage, listings: Sequence[Listing], *, parser_version: int = 1
) -> LoadResult:
    """Store a page and load what was read from it."""
    page_id = store_page(conn, raw)
    return load_reading(conn, page_id, raw, reading(listings), parser_version=parser_version)
