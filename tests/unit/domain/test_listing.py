"""The business hash changes when the offer changes, and only then."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import msgspec
import pytest

from domain.listing import Listing

BASE = Listing(
    source="vinted",
    external_id="10000000001",
    url="https://example.org/1",
    title="Coat",
    price=Decimal("40.0"),
    currency="EUR",
    total_price=Decimal("42.70"),
    favourite_count=1,
    image_urls=("https://example.org/1.png?s=a",),
)


@dataclass
class Change:
    field: str
    value: object


@pytest.mark.parametrize(
    "change",
    [
        Change("title", "Coat, red"),
        Change("price", Decimal("39.99")),
        Change("currency", "GBP"),
        Change("total_price", None),
        Change("brand", "Acme"),
        Change("description", "worn twice"),
    ],
    ids=lambda change: change.field,
)
def test_a_business_field_changes_the_hash(change: Change) -> None:
    assert msgspec.structs.replace(BASE, **{change.field: change.value}).content_hash() != BASE.content_hash()


@pytest.mark.parametrize(
    "change",
    [
        Change("favourite_count", 99),
        Change("view_count", 3),
        Change("position", 7),
        Change("image_urls", ("https://example.org/1.png?s=b",)),
        Change("price", Decimal("40.00")),
    ],
    ids=lambda change: change.field,
)
def test_counters_signatures_and_trailing_zeros_do_not(change: Change) -> None:
    assert msgspec.structs.replace(BASE, **{change.field: change.value}).content_hash() == BASE.content_hash()
