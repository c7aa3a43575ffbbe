"""Makes stored pages for the parser tests."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from domain.page import PageReading, RawPage
from scrapers.vinted.reading import read_page
from scrapers.vinted.recorded import recorded_page
from tests.fixtures import fixture_path

NOON = datetime(2026, 9, 20, 12, 0, tzinfo=UTC)

CATALOG_JSON = "catalog_items_api_v2_couk_2026-09-09.json"
CATALOG_JSON_2023 = "catalog_items_price_as_string_2023-10_anonymised.json"
DETAILS_JSON = "item_details_api_v2_2025-08_anonymised.json"
CATALOG_HTML = "catalog_page_nl_2026-09-17.html"
ITEM_HTML = "item_page_live_nl_2026-08-25.html"
ERROR_401 = "error_401_invalid_authentication_token_2024-11.json"
ERROR_404 = "error_404_catalog_endpoint_withdrawn_2026-09.json"
ALL_FILES = (CATALOG_JSON, CATALOG_JSON_2023, DETAILS_JSON, CATALOG_HTML, ITEM_HTML, ERROR_401, ERROR_404)


def recorded(name: str) -> RawPage:
    return recorded_page(fixture_path("vinted", name).read_bytes(), fetched_at=NOON)


def page(body: bytes, *, url: str = "https://www.vinted.fr/catalog", status: int = 200) -> RawPage:
    return RawPage(source="vinted", url=url, status=status, content_type="", body=body, fetched_at=NOON)


def read(body: bytes, *, url: str = "https://www.vinted.fr/catalog", status: int = 200) -> PageReading:
    return read_page(page(body, url=url, status=status))


def thin_item(number: int = 1, **changes: object) -> dict[str, object]:
    """An item as svc-catalogue is described to give it: brand, size and condition only inside ``item_box``."""
    item: dict[str, object] = {
        "id": 10_000_000_000 + number,
        "title": "Jean droit, coupe 501",
        "url": f"/items/{10_000_000_000 + number}-jean-droit",
        "price": {"amount": "20.0", "currency_code": "EUR"},
        "service_fee": {"amount": "1.7", "currency_code": "EUR"},
        "total_item_price": {"amount": "21.7", "currency_code": "EUR"},
        "favourite_count": 3,
        "view_count": 0,
        "photo": {
            "id": 1,
            "url": "https://images1.vinted.net/t/a/f800/0d7ea89f.webp?s=x",
            "high_resolution": {"id": "a"},
        },
        "user": {"id": 77, "login": "someone", "business": False},
        "item_box": {
            "first_line": "Levi's",
            "second_line": "W32 · Très bon état",
            "accessibility_label": (
                "Jean droit, coupe 501, marque: Levi's, état: Très bon état, taille: W32, 20.00 €, 21.70 €"
            ),
        },
        "promoted": False,
    }
    return {**item, **changes}


def search_body(*items: object, **envelope: object) -> bytes:
    return orjson.dumps({"items": list(items), "code": 0, **envelope})
