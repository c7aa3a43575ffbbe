"""Which prices cannot be meant, beside the price known before."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.money import to_minor
from domain.placeholder import is_placeholder_price
from domain.plausibility import Implausible, implausible

prices = st.decimals("0.01", "100000", places=2)


@pytest.mark.parametrize(
    ("known", "known_currency", "seen", "currency", "reason"),
    [
        ("199.00", "EUR", "0", "EUR", Implausible.ZERO),
        ("199.00", "EUR", "19.90", "EUR", Implausible.POWER_OF_TEN),
        ("199.00", "EUR", "19.99", "EUR", Implausible.POWER_OF_TEN),
        ("19.90", "EUR", "1990.00", "EUR", Implausible.POWER_OF_TEN),
        ("1299.00", "PLN", "1.30", "PLN", Implausible.POWER_OF_TEN),
        ("250.00", "EUR", "250.00", "PLN", Implausible.CURRENCY_SLIP),
        ("250.00", "EUR", "12345", "EUR", Implausible.PLACEHOLDER),
        ("850.00", "EUR", "111", "EUR", Implausible.PLACEHOLDER),
        ("850.00", "EUR", "31.00", "EUR", Implausible.FAR_OFF),
        ("12.00", "EUR", "700.00", "EUR", Implausible.FAR_OFF),
    ],
)
def test_slips_are_told_with_their_kind(
    known: str, known_currency: str, seen: str, currency: str, reason: Implausible
) -> None:
    assert implausible(Decimal(known), known_currency, Decimal(seen), currency) is reason


@pytest.mark.parametrize(
    ("known", "seen"),
    [("199.00", "99.00"), ("199.00", "59.00"), ("190.00", "20.00"), ("60.00", "12.00"), ("20.00", "99.00")],
)
def test_sales_are_no_slips(known: str, seen: str) -> None:
    assert implausible(Decimal(known), "EUR", Decimal(seen), "EUR") is None


def test_nothing_is_held_against_a_price_never_told() -> None:
    assert implausible(Decimal(0), "EUR", Decimal(500), "EUR") is None


@given(known=prices, share=st.floats(0.12, 4.5))
@example(known=Decimal("5.00"), share=0.2)
def test_no_move_between_an_eighth_and_the_fourfold_is_held_but_to_a_placeholder(known: Decimal, share: float) -> None:
    seen = max((known * Decimal(str(share))).quantize(Decimal("0.01")), Decimal("0.01"))
    if known / 8 <= seen <= known * 4:
        is_one = known / seen >= 5 and is_placeholder_price(to_minor(seen, "EUR"), "EUR")
        assert implausible(known, "EUR", seen, "EUR") is (Implausible.PLACEHOLDER if is_one else None)


@given(known=prices, seen=prices, factor=st.sampled_from([Decimal(2), Decimal(3), Decimal(7)]))
def test_the_unit_of_the_price_does_not_matter_but_for_placeholders(
    known: Decimal, seen: Decimal, factor: Decimal
) -> None:
    one, other = implausible(known, "EUR", seen, "EUR"), implausible(known * factor, "EUR", seen * factor, "EUR")
    if Implausible.PLACEHOLDER not in {one, other}:
        assert one == other
