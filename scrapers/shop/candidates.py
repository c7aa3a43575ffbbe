"""What a page offers as its price, each with where it stands.

Belongs here: the two structs that extraction and the arbiter share.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from domain.listing import Availability
from domain.price_kind import PriceKind


class Origin(StrEnum):
    """Where a candidate stands, by trust (facts: JSON-LD of the main product, microdata, sale price, price meta)."""

    CONFIGURED = "configured"
    JSON_LD = "json-ld"
    MICRODATA = "microdata"
    SALE_META = "sale meta"
    PRICE_META = "price meta"
    VISIBLE = "visible"


class Candidate(msgspec.Struct, kw_only=True):
    """One amount that may be the price.

    Attributes:
        where: for the owner: path in the markup, or class and text of an element.
        product: number of the product block of the page that it belongs to; offers of one product share it.
        score, reasons: what the arbiter makes of it.
    """

    origin: Origin
    where: str
    text: str
    amount: Decimal | None
    currency: str | None = None
    kind: PriceKind = PriceKind.PRICE
    availability: Availability | None = None
    list_price: Decimal | None = None
    product: int = 0
    is_currency_certain: bool = True
    score: float = 0.0
    reasons: list[str] = []


class ProductFacts(msgspec.Struct, kw_only=True):
    """What the markup says of the product itself; None where it is silent."""

    name: str | None = None
    sku: str | None = None
    gtin: str | None = None
    brand: str | None = None
    category: str | None = None
    description: str | None = None
    url: str | None = None
    images: tuple[str, ...] = ()
    condition: str | None = None
    availability: Availability | None = None
    seller: str | None = None
