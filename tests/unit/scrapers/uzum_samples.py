"""Uzum's bodies for the parser tests: recordings, and cards made by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from domain.page import PageReading, RawPage
from domain.settings import Settings
from scrapers.uzum.client import UzumSource, create_uzum
from tests.fixtures import fixture_path

NOON = datetime(2026, 9, 20, 12, 0, tzinfo=UTC)
CARD = "api_v2_product_2114919_102skus.json"
SEARCH_2023 = "graphql_makeSearch_items_2023-07_a.json"
CARDS_2025 = "graphql_product_cards_2025-08_a.json"
ALL_FILES = (CARD, SEARCH_2023, CARDS_2025)
ADDRESS = "https://api.uzum.uz/api/v2/product/7"


def source() -> UzumSource:
    return create_uzum(Settings(_env_file=None))


def body_of(name: str) -> bytes:
    return fixture_path("uzum", name).read_bytes()


def read(body: bytes, *, status: int = 200, url: str = ADDRESS) -> PageReading:
    page = RawPage(source="uzum", url=url, status=status, content_type="", body=body, fetched_at=NOON)
    return source().read(page)


def read_recorded(name: str) -> PageReading:
    return source().read(source().recorded_page(body_of(name), fetched_at=NOON))


def sku(number: int = 70, **changes: Any) -> dict[str, Any]:
    """A variant as the service gives it."""
    return {
        "id": number,
        "characteristics": [{"charIndex": 0, "valueIndex": 1}],
        "availableAmount": 3,
        "fullPrice": 120_000,
        "purchasePrice": 99_000,
        "barcode": 4_780_000_000_014,
        "stock": {"type": "FBS", "deliveryDays": 4},
        **changes,
    }


def data(*skus: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A card with two colours."""
    values = [{"id": -1, "title": "Чёрный"}, {"id": -5, "title": "Белый"}]
    return {
        "id": 7,
        "title": "Futbolka",
        "localizableTitle": {"uz": "Futbolka", "ru": "Футболка"},
        "category": {"id": 3, "title": "Футболки", "parent": {"id": 1, "title": "Одежда", "parent": None}},
        "characteristics": [{"id": -1, "title": "Цвет", "titleType": "COLOR", "values": values}],
        "skuList": list(skus) or [sku()],
        "seller": {"id": 5, "title": "Do'kon", "link": "dokon", "official": True},
        "photos": [],
        **changes,
    }


def answer(card: dict[str, Any] | None) -> bytes:
    """The whole body around a card."""
    payload = None if card is None else {"data": card, "seo": None}
    return orjson.dumps({"payload": payload, "timestamp": "2026-09-20T12:00:00.000000001"})
