"""An amount is read to the cent in every country's way of writing it, or it is said to be none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import MoneyError
from domain.written_amount import guess_amount, read_amount

_STYLES = [(",", "."), (".", ","), ("\u00a0", ","), ("\u202f", ","), ("'", "."), ("", "."), ("", ",")]


@given(cents=st.integers(0, 10**12), style=st.sampled_from(_STYLES))
def test_an_amount_written_in_a_countrys_way_is_read_to_the_cent_known_or_guessed(
    cents: int, style: tuple[str, str]
) -> None:
    group, sign = style
    whole, _, rest = f"{Decimal(cents) / 100:,.2f}".partition(".")
    written = f"{whole.replace(',', group)}{sign}{rest}"
    assert read_amount(written, decimal_sign=sign) == guess_amount(written) == Decimal(cents) / 100


@given(whole=st.integers(0, 10**9), style=st.sampled_from([(",", "."), (".", ",")]))
def test_grouped_digits_without_cents_are_whole(whole: int, style: tuple[str, str]) -> None:
    group, sign = style
    written = f"{whole:,}".replace(",", group)
    assert read_amount(written, decimal_sign=sign) == guess_amount(written) == whole


@pytest.mark.parametrize("text", ["", "1.2.3", "1,2,3", "12,3456", "1..2", "12,345.6,7", "x", "1" * 30])
def test_digits_that_cannot_be_told_are_no_amount(text: str) -> None:
    assert read_amount(text, decimal_sign=".") is None


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("24.990", None, "24990"),
        ("24.990", "KWD", "24.990"),
        ("0.990", None, "0.990"),
        ("1299.000", None, "1299.000"),
        ("12,5", None, "12.5"),
        ("1,23,456.78", None, "123456.78"),
        ("1.234.567", None, "1234567"),
        ("1,200,50", None, "1200.50"),
        ("24\u2019990.50", None, "24990.50"),
        (".75", None, "0.75"),
        (".,75", None, "0.75"),
        ("1299,", None, "1299"),
        ("36. 24", None, "36.24"),
        ("\u0661\u066c\u0662\u0663\u0664\u066b\u0665", None, "1234.5"),
        ("9" * 40, None, "9" * 40),
    ],
)
def test_what_nobody_tells_is_guessed_by_its_groups(text: str, currency: str | None, amount: str) -> None:
    assert str(guess_amount(text, currency=currency)) == amount


@given(text=st.text(max_size=30) | st.text("0123456789.,' \u00a0", max_size=12))
def test_any_text_is_an_amount_or_said_to_be_none(text: str) -> None:
    for sign in ".,":
        known = read_amount(text, decimal_sign=sign)
        assert known is None or known >= 0
    try:
        guessed = guess_amount(text)
    except MoneyError:
        assert known is None
        return
    assert guessed >= 0
    assert guessed.is_finite()


@given(text=st.from_regex(r"[0-9]{1,3}([.,][0-9]{3}){0,2}([.,][0-9]{2})?", fullmatch=True))
def test_who_knows_the_sign_and_who_guesses_agree_on_cents(text: str) -> None:
    guessed = guess_amount(text)
    for sign in ".,":
        known = read_amount(text, decimal_sign=sign)
        assert known in {None, guessed} or len(text) - max(text.rfind("."), text.rfind(",")) == 4
