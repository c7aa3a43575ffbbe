"""Prices as people and spreadsheets write them in a file of one's own: "1.299,00", "$ 1,299", "1299.5 EUR".

Belongs here: which sign a column's decimals are written with, and one price of it. Does not: files, other columns.

"1.299" is a thousand in one country and one and a bit in another. What tells is the rest of the column; where that
tells nothing, the point is the decimal sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from domain.money import MoneyError, parse_amount
from domain.written_amount import read_amount
from scrapers.visible_price import currency_of_sign

_PRICE = re.compile(
    r"(?P<before>[^\W\d_]{1,4}\$?|[$€£¥￥₹₺])?\s*(?P<number>[0-9][0-9.,'\u2019\s]*)(?P<after>[^0-9]{0,4})"
)
_LESS_THAN_ONE = re.compile(r"0[.,]")


def decimal_sign(texts: Iterable[str]) -> str:
    """Return ``.`` or ``,``: the sign that most of the texts can only mean as their decimal one, else ``.``."""
    votes = {".": 0, ",": 0}
    for text in texts:
        found = re.search(r"[0-9][0-9.,'\u2019\s]*", text)
        number = re.sub(r"[^0-9.,]", "", found.group()) if found else ""
        last = max(number.rfind("."), number.rfind(","))
        if last < 0:
            continue
        sign, other = number[last], "," if number[last] == "." else "."
        if other in number or (number.count(sign) == 1 and (len(number) - last != 4 or _LESS_THAN_ONE.match(number))):
            votes[sign] += 1
        elif number.count(sign) > 1:
            votes[other] += 1
    return "," if votes[","] > votes["."] else "."


def own_price(text: str, sign: str) -> tuple[Decimal, str]:
    """Return a price in major units and the currency written with it, "" where none is or it is one of several.

    Args:
        text: of one row.
        sign: of its column, from ``decimal_sign``.

    Raises:
        MoneyError: it is no price, or none that can be told.
    """
    found = _PRICE.fullmatch(text.strip())
    if found is None:
        raise MoneyError(f"{text[:40]!r} is not a price like 1299.00, 1.299,00 or 1299 EUR")
    number, marks = found["number"].strip(), [found["before"] or "", found["after"].strip()]
    amount = _plain(number) if sign == "." or _LESS_THAN_ONE.match(number) else None
    if amount is None:
        amount = read_amount(number, decimal_sign=sign)
    if amount is None or all(marks):
        raise MoneyError(f"{text[:40]!r} is not a price like 1299.00, 1.299,00 or 1299 EUR")
    mark = "".join(marks)
    currency = currency_of_sign(mark if len(mark) < 3 else mark.upper(), site_currency="") or ""
    if mark and not currency and mark not in {"$", "¥", "￥"}:
        raise MoneyError(
            f"{mark!r} in {text[:40]!r} is no currency that is known; give it as a column, by its ISO code"
        )
    return amount, currency


def _plain(number: str) -> Decimal | None:
    try:
        return parse_amount(number)
    except MoneyError:
        return None
