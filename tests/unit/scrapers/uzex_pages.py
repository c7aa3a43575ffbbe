"""Answers of UZEX made for the tests, in the recorded shapes with invented values."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from domain.page import PageReading, RawPage
from scrapers.uzex.asked import stored_url
from scrapers.uzex.endpoints import ENDPOINTS, SERVICES
from scrapers.uzex.reading import read_page

NOON = datetime(2026, 9, 20, 12, 0, tzinfo=UTC)


def list_url(lot_type: str = "auction", status: str = "completed", **said: object) -> str:
    endpoint = ENDPOINTS[lot_type, status]
    return stored_url(
        f"{SERVICES[endpoint.service]}{endpoint.path}",
        lot_type=lot_type,
        status=status,
        **said,  # type: ignore[arg-type]  # tests choose
    )


def detail_url(lot: int = 7, lot_type: str = "auction", status: str = "completed", **said: object) -> str:
    endpoint = ENDPOINTS[lot_type, status]
    return stored_url(
        f"{SERVICES[endpoint.service]}{endpoint.detail.format(lot=lot)}",
        lot_type=lot_type,
        status=status,
        **said,  # type: ignore[arg-type]  # tests choose
    )


def page(body: bytes | str, url: str | None = None, status: int = 200) -> RawPage:
    return RawPage(
        source="uzex",
        url=url or list_url(),
        status=status,
        content_type="application/json",
        body=body if isinstance(body, bytes) else body.encode(),
        fetched_at=NOON,
    )


def read(document: object, url: str | None = None, status: int = 200) -> PageReading:
    return read_page(page(json.dumps(document), url, status))


def deal(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "lot_id": 7,
        "lot_start_date": "2026-09-10T10:00:00",
        "lot_end_date": "2026-09-15T10:00:00",
        "pcp_count": 4.0,
        "category_name": "Paper",
        "start_cost": 1000.0,
        "deal_cost": 800.5,
        "customer_inn": "200000001",
        "customer_name": "SCHOOL ONE",
        "deal_date": "2026-09-15T11:00:00",
        "provider_inn": "300000001",
        "provider_name": "FIRM MCHJ",
        "currency_name": None,
        "is_budget": 1,
        "lot_display_no": "261110077",
        "rn": 1,
        "total_count": 900,
    }
    return {**row, **changes}


def item(number: object = 1, **changes: object) -> dict[str, object]:
    record: dict[str, object] = {
        "order_num": number,
        "product_name": None,
        "quantity": 10.0,
        "price": 80.05,
        "cost": 800.5,
        "description": "\n Paper A4 ",
        "currency_name": "Сом",
        "country_name": "O'zbekiston",
        "js_properties": [
            {"property_name": "Unit", "user_value": "pack", "pnum": 0},
            {"property_name": "Format", "user_value": "A4", "pnum": 1},
        ],
    }
    return {**record, **changes}


def shop(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "id": 9,
        "start_date": "2026-09-10T10:00:00",
        "end_date": "2026-09-12T10:00:00",
        "pcp_count": 1,
        "product_name": "Water",
        "category_name": "Drinks",
        "cost": 300.0,
        "price": 30.0,
        "amount": 10.0,
        "rn": 1,
        "total_count": 1,
    }
    return {**row, **changes}
