"""Global trade item numbers (EAN, UPC, ISBN-13, GTIN-14), told by their check digit (GS1 General Specifications)."""

from __future__ import annotations

import re

_LENGTHS = frozenset({8, 12, 13, 14})


def valid_gtin(text: str | None) -> str | None:
    """Return the digits of a valid GTIN, UPC-12 with a leading zero so that it equals its EAN; None for anything else.

    Numbers of zeros only and restricted ranges (in-store numbers 2xx of GTIN-13) name no product and give None.
    """
    if text is None:
        return None
    digits = re.sub(r"[\s-]", "", text)
    if len(digits) == 11:
        # A UPC whose leading zero a spreadsheet took away.
        digits = f"0{digits}"
    if not digits.isascii() or not digits.isdigit() or len(digits) not in _LENGTHS or not digits.strip("0"):
        return None
    body, check = digits[:-1], int(digits[-1])
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    if (10 - total % 10) % 10 != check:
        return None
    if len(digits) == 12:
        digits = f"0{digits}"
    if len(digits) == 14 and digits.startswith("0"):
        digits = digits[1:]
    return None if len(digits) == 13 and digits.startswith("2") else digits
