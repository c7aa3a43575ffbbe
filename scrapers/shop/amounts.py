"""Numbers as prices are written: thousands and decimals told apart.

Belongs here: the grammar of one number, and finding numbers in a text. Does not: what a number is the price of.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import NamedTuple

# Currencies with three decimals: one separator followed by three digits is theirs, not thousands.
THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_SPACES = "\u00a0\u202f\u2009\u2007 "
_APOSTROPHES = "'\u2019\u02bc\u00b4`"
_GROUP = rf"[{_SPACES}{_APOSTROPHES}.,\u066c]"
_NUMBER = re.compile(
    rf"""
    (?<![\d.,\u066b])
    (?:
        \d{{1,3}}(?:{_GROUP}\d{{3}})+(?!\d)(?:[.,\u066b][ ]?\d+)?       # 1.234.567,89  1 148  24'990.50
      | \d{{1,2}}(?:,\d{{2}})+,\d{{3}}(?!\d)(?:\.\d+)?                # 1,23,456.78
      | \d+[.,][ ]\d{{2}}(?!\d)                                         # 36. 24
      | \d+(?:[.,\u066b]\d+)?                                          # 1234.5
      | [.,]{{1,2}}\d+                                                 # .75
    )
    """,
    re.VERBOSE,
)
_DATE = re.compile(r"(?<!\d)\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d(?!\d)|(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!\d)")


class Number(NamedTuple):
    """A number in a text; ``end`` is after a closing ``,-`` or ``.-``."""

    start: int
    end: int
    text: str
    is_whole_marked: bool
    """``1.299,-``: nothing stands behind the separator, so those before are thousands."""


def plain_digits(text: str) -> str:
    """Return the text with digits of any script as 0-9, character by character (positions stay)."""
    return "".join(str(unicodedata.decimal(c)) if not c.isascii() and c.isdecimal() else c for c in text)


def find_numbers(text: str) -> list[Number]:
    """Return the numbers of a text, in order; dates are none."""
    dates = [match.span() for match in _DATE.finditer(text)]
    found = []
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        if any(start < stop and begin < end for begin, stop in dates):
            continue
        dash = re.match(r"[.,]\s?[-\u2013\u2014\u2012=]{1,2}(?!\d)|[.,][_](?!\d)", text[end:])
        found.append(Number(start, end + (dash.end() if dash else 0), match.group(), dash is not None))
    return found


def read_amount(number: str, *, currency: str | None = None, decimal_separator: str | None = None) -> Decimal:
    """Read one number.

    A single separator with exactly three digits behind is thousands (``24.990``), unless nothing but a zero stands
    before it or the currency has three decimals. Two different separators: the last one is the decimal.

    Args:
        currency: ISO 4217, for its decimals.
        decimal_separator: ``.`` or ``,`` where it is known.
    """
    text = number.replace("\u066b", ",").replace("\u066c", ".")
    text = re.sub(rf"[{_SPACES}{_APOSTROPHES}]", "", text)
    if text[:2] in {"..", ",,", ".,", ",."}:
        text = text[1:]
    if decimal_separator in {".", ","}:
        other = "," if decimal_separator == "." else "."
        return Decimal(text.replace(other, "").replace(decimal_separator, "."))
    last = max(text.rfind("."), text.rfind(","))
    whole = re.sub(r"[.,]", "", text)
    if last < 0 or last == len(text) - 1:
        return Decimal(whole)
    separator, before, after = text[last], text[:last], text[last + 1 :]
    if separator in before:
        return Decimal(whole)
    if ("," if separator == "." else ".") in before:
        return Decimal(f"{re.sub(r'[.,]', '', before) or '0'}.{after}")
    is_group = len(after) == 3 and len(before) <= 3 and bool(before.strip("0"))
    if is_group and currency not in THREE_DECIMALS:
        return Decimal(whole)
    return Decimal(f"{before or '0'}.{after}")
