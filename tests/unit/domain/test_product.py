"""How a product's price stands in its own history, in words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from domain.product import ProductStats, standing

STATS = ProductStats(
    currency="EUR",
    price_date=date(2026, 11, 20),
    price=Decimal(80),
    best_source="shop",
    is_on_offer=True,
    n_days=40,
    is_low_confidence=False,
    min_price=Decimal(70),
    mean_price=Decimal(100),
    max_price=Decimal(120),
    mean_price_30d=Decimal(98),
    low_date=date(2026, 10, 1),
    is_all_time_low=False,
    price_percentile=Decimal("12.50"),
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "a low price, score 88 of 100: 20.0 % under its mean of 40 days, cheaper on 12.5 % of them"),
        (
            {"price": Decimal(100), "price_percentile": Decimal(50)},
            "an ordinary price, score 50 of 100: its mean of 40 days, cheaper on 50 % of them",
        ),
        (
            {"price": Decimal(120), "price_percentile": Decimal("97.50")},
            "a high price, score 2 of 100: 20.0 % over its mean of 40 days, cheaper on 97.5 % of them",
        ),
        (
            {"price": Decimal(70), "price_percentile": Decimal(0), "is_all_time_low": True},
            "the lowest price of all, score 100 of 100: 30.0 % under its mean of 40 days, cheaper on 0 % of them",
        ),
        (
            {
                "min_price": Decimal(80),
                "max_price": Decimal(80),
                "mean_price": Decimal(80),
                "price_percentile": Decimal(0),
            },
            "it never cost anything else: its mean of 40 days, cheaper on 0 % of them",
        ),
        ({"price": None, "price_percentile": None}, "no price is known yet"),
    ],
)
def test_a_price_is_told_by_its_place_among_its_days(changes: dict[str, object], said: str) -> None:
    assert standing(msgspec.structs.replace(STATS, **changes)) == said


def test_few_days_and_what_is_sold_out_are_said() -> None:
    few = standing(msgspec.structs.replace(STATS, is_low_confidence=True, n_days=5))
    assert few.endswith("; so few days say little")
    assert standing(msgspec.structs.replace(STATS, is_on_offer=False)).startswith(
        "not on offer now; on 2026-11-20: a low"
    )
