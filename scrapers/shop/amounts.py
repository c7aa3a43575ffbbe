"""Numbers of any script and country in the text of a shop's page.

Belongs here: finding them. Does not: their amounts (``domain.written_amount``), what a number is the price of.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

# Currencies with three decimals: one separator followed by three digits is theirs, not thousands.
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
