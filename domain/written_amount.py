"""An amount as people write it, thousands and decimals told apart: "1.299,00", "1 299.5", "24'990", "1,23,456.78".

Belongs here: the digits and separators of one number. Does not: finding numbers in a text and the currency beside them
(each source's own), plain machine-written amounts (``domain.money.parse_amount``).
"""

from __future__ import annotations

import re
from decimal import Decimal

from domain.money import MoneyError, parse_amount

# Currencies with three decimals: one separator followed by three digits is theirs, not thousands.
_THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_GAPS = re.compile(r"[\s'\u2019\u02bc\u00b4`]")
_ARABIC = str.maketrans({"\u066b": ",", "\u066c": "."})
_SEPARATOR = re.compile(r"[.,]")
_LONGEST = 24


def read_amount(text: str, *, decimal_sign: str) -> Decimal | None:
    """Return the amount that digits with separators stand for; None where they cannot be told.

    Args:
        text: the number alone.
        decimal_sign: ``.`` or ``,``, as the page's language writes cents. Both signs together tell for themselves,
            and so does a single one before exactly two last digits.
    """
    plain = _GAPS.sub("", text)
    if not re.fullmatch(r"[0-9][0-9.,]*", plain) or len(plain) > _LONGEST:
        return None
    last = max(plain.rfind("."), plain.rfind(","))
    signs = set(plain) & {".", ","}
    if last < 0:
        whole, cents = plain, ""
    elif len(signs) == 2 or (plain.count(plain[last]) == 1 and (len(plain) - last == 3 or plain[last] == decimal_sign)):
        whole, cents = plain[:last], plain[last + 1 :]
    elif all(len(group) == 3 for group in _SEPARATOR.split(plain)[1:]) and plain[last] != decimal_sign:
        whole, cents = plain, ""
    else:
        return None
    first, *groups = _SEPARATOR.split(whole)
    if any(len(group) != 3 for group in groups):
        return None
    try:
        return parse_amount(f"{first}{''.join(groups)}.{cents}" if cents else f"{first}{''.join(groups)}")
    except MoneyError:
        return None


def guess_amount(text: str, *, currency: str | None = None) -> Decimal:
    """Return the amount that a number most likely stands for where nobody says which sign its decimals have.

    Of two different separators the last is the decimal one. A single one before exactly three digits is thousands
    (``24.990``), unless nothing but a zero, or more than three digits, stand before it, or the currency has three
    decimals. One that stands twice is thousands, but for a last group that is not of three digits (``1,200,50``).

    Args:
        text: the number alone, of any size, in the digits of any script.
        currency: ISO 4217, for its decimals.

    Raises:
        MoneyError: the text is no number.
    """
    plain = _GAPS.sub("", text).translate(_ARABIC)
    if not re.fullmatch(r"[.,]{0,2}\d[\d.,]*", plain):
        raise MoneyError(f"not a number: {text[:40]!r}")
    if plain[0] in ".," and plain[1] in ".,":
        plain = plain[1:]
    last = max(plain.rfind("."), plain.rfind(","))
    whole = _SEPARATOR.sub("", plain)
    if last < 0 or last == len(plain) - 1:
        return Decimal(whole)
    separator, before, after = plain[last], plain[:last], plain[last + 1 :]
    is_group = len(after) == 3
    if separator not in before and _SEPARATOR.search(before):
        is_group = False
    elif separator not in before:
        is_group = is_group and len(before) <= 3 and bool(before.strip("0")) and currency not in _THREE_DECIMALS
    return Decimal(whole) if is_group else Decimal(f"{_SEPARATOR.sub('', before) or '0'}.{after}")
