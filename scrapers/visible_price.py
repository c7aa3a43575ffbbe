"""A price written for people ("1.749,99 €", "$87.11", "AED 79.00") as an exact amount and currency.

Belongs here: finding prices in a text, and currency signs. Does not: telling which price on a page is the one (each
source), the digits of one (``domain.written_amount``), prices of unknown shops, structured values.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from domain.written_amount import read_amount

MAX_TEXT = 4000
_SPACES = "\u0020\u00a0\u202f\u2009\u200a\u2007"
# Thousands in groups of three, or no groups at all; so "2 59,90" is a 2 and a price, not 259,90.
_NUMBER = (
    rf"(?<![0-9])(?:[0-9]{{1,3}}(?:[.,'\u2019{_SPACES}][0-9]{{3}}){{1,5}}(?:[.,][0-9]{{1,2}})?"
    r"|[0-9]{1,13}(?:[.,][0-9]{1,3})?)(?![0-9])"
)
_SIGN = r"US\$|CA\$|CDN\$|A\$|AU\$|S\$|MX\$|R\$|C\$|[$€£¥￥₹₺]|zł|[Kk]r\b\.?|TL\b|\b[A-Z]{3}\b"
_SPACE = rf"[{_SPACES}\n\t\r]*"
_PRICE = re.compile(
    rf"(?:(?P<before>{_SIGN}){_SPACE}(?P<first>{_NUMBER})|(?P<second>{_NUMBER}){_SPACE}(?P<after>{_SIGN}))"
)
_BARE = re.compile(rf"{_NUMBER}")
_CURRENCY_OF_SIGN = {
    "US$": "USD", "CA$": "CAD", "CDN$": "CAD", "C$": "CAD", "A$": "AUD", "AU$": "AUD", "S$": "SGD", "MX$": "MXN",
    "R$": "BRL", "€": "EUR", "£": "GBP", "₹": "INR", "₺": "TRY", "TL": "TRY", "zł": "PLN",
}  # fmt: skip
# Written by several currencies: the site's own decides, and only where it is one of these.
_SHARED_SIGNS = {
    "$": {"USD", "CAD", "AUD", "SGD", "MXN"},
    "¥": {"JPY", "CNY"},
    "￥": {"JPY", "CNY"},
    "KR": {"SEK", "DKK", "NOK"},
}
_ISO = frozenset({
    "AED", "AUD", "BRL", "CAD", "CHF", "CZK", "DKK", "EGP", "EUR", "GBP", "HUF", "INR", "JPY", "MXN", "NOK", "PLN",
    "SAR", "SEK", "SGD", "TRY", "USD",
})  # fmt: skip


class VisiblePrice(NamedTuple):
    """An amount in major units; ``currency`` is ISO 4217, None where the text names none that can be told."""

    amount: Decimal
    currency: str | None


def currency_of_sign(sign: str, *, site_currency: str) -> str | None:
    """Return the currency that a sign or code stands for on a site with that currency; None where it cannot be told."""
    mark = sign.strip().rstrip(".")
    if mark in _ISO:
        return mark
    if mark in _CURRENCY_OF_SIGN:
        return _CURRENCY_OF_SIGN[mark]
    return site_currency if site_currency in _SHARED_SIGNS.get(mark.upper(), set()) else None


def find_prices(text: str, *, decimal_sign: str, site_currency: str) -> list[VisiblePrice]:
    """Return every amount with a currency sign or code beside it, in the order of the text."""
    found = []
    for match in _PRICE.finditer(text[:MAX_TEXT]):
        sign = match.group("before") or match.group("after")
        amount = read_amount(match.group("first") or match.group("second"), decimal_sign=decimal_sign)
        known = len(sign) != 3 or not sign.isalpha() or sign in _ISO
        if amount is not None and known:
            found.append(VisiblePrice(amount, currency_of_sign(sign, site_currency=site_currency)))
    return found


def find_bare_number(text: str, *, decimal_sign: str) -> Decimal | None:
    """Return the amount of a text that holds one number and nothing else but a sign; None otherwise."""
    numbers = _BARE.findall(text[:MAX_TEXT])
    return read_amount(numbers[0], decimal_sign=decimal_sign) if len(numbers) == 1 else None
