"""Amounts of money as exact decimals, ISO 4217 currencies and their minor units.

Belongs here: amounts as machines write them, minor units, writing an amount for people. Does not: amounts as people
write them (``written_amount``), exchange rates (``warehouse.fx``).

Amounts never pass through a float: a float argument is refused, so that 0.1 + 0.2 cannot reach the history.
"""

from __future__ import annotations

import functools
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

# ISO 4217 minor-unit exponents that are not 2, for currencies met on the marketplaces.
# UZS is officially 2, but prices in so'm are whole everywhere; the exponent stays 2 so that sums fit.
_EXPONENTS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
# What nearly every amount looks like; such a text needs none of the other checks.
is_usual_number = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?").fullmatch
_CURRENCY = re.compile(r"[A-Z]{3}")
# bigint holds 9.2e18 minor units; a price above this is a parsing accident, not a price.
MAX_AMOUNT = Decimal(10) ** 13


class MoneyError(ValueError):
    """An amount or currency that cannot be money; the message names the value."""


def minor_exponent(currency: str) -> int:
    """Return how many decimals the currency's minor unit has (2 for EUR, 0 for JPY)."""
    return _EXPONENTS.get(currency, 2)


def unusual_exponents() -> dict[str, int]:
    """Return the currencies whose exponent is not 2, for SQL that must agree with ``minor_exponent``."""
    return dict(_EXPONENTS)


def to_minor(amount: Decimal, currency: str) -> int:
    """Convert major units to minor units, rounding half up."""
    scaled = amount.scaleb(minor_exponent(currency))
    return int(scaled.to_integral_value(rounding=ROUND_HALF_UP))


def from_minor(minor: int, currency: str) -> Decimal:
    """Convert minor units back to an exact decimal in major units."""
    return Decimal(minor).scaleb(-minor_exponent(currency))


def parse_amount(value: object) -> Decimal:
    """Read an amount as an API gives it: a plain decimal string or an integer.

    Args:
        value: ``"900.0"``, ``"56.02"``, ``15``. Not a float (inexact) and not a localised text (``"1.299,00"``).

    Raises:
        MoneyError: when the value is not a finite, non-negative plain number of sane size.
    """
    if type(value) is str and is_usual_number(value):
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise MoneyError(f"an amount must be a decimal string or an integer, not {type(value).__name__}")
    text = str(value).strip()
    if isinstance(value, str) and not _PLAIN_NUMBER.fullmatch(text):
        raise MoneyError(f"not a plain decimal amount: {text[:40]!r}")
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise MoneyError(f"not a decimal amount: {text[:40]!r}") from error
    if not amount.is_finite() or amount < 0 or amount > MAX_AMOUNT:
        raise MoneyError(f"amount out of range: {text[:40]!r}")
    return amount


def parse_currency(value: object) -> str:
    """Return an ISO 4217 code in capitals.

    Raises:
        MoneyError: when the value is not three letters.
    """
    if isinstance(value, str) and len(value) <= 8:
        return _currency_of(value)
    raise MoneyError(f"not an ISO 4217 currency code: {value!r}"[:80])


@functools.lru_cache(maxsize=1024)
def _currency_of(value: str) -> str:
    # Remembered: a page has one or two currencies and hundreds of amounts.
    text = value.strip().upper()
    if not _CURRENCY.fullmatch(text):
        raise MoneyError(f"not an ISO 4217 currency code: {value!r}"[:80])
    return text


def format_money(amount: Decimal, currency: str) -> str:
    """Write an amount for people: ``1,299.00 EUR``."""
    digits = minor_exponent(currency)
    quantum = Decimal(1).scaleb(-digits)
    return f"{amount.quantize(quantum, rounding=ROUND_HALF_UP):,.{digits}f} {currency}"
