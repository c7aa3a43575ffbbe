"""Prices nobody means: what sellers type where a number is demanded.

Belongs here: the numbers themselves. Does not: prices that are merely too good (``ml.rules``).
"""

from __future__ import annotations

from domain.money import from_minor

# One, and keys in a row. Anything with cents is meant: nobody types 123.45 to say nothing.
_IN_A_ROW = frozenset({123, 1234, 12345, 123456, 1234567, 12345678, 123456789, 987654321, 1234567890})
# A unit of these is worth less than a euro cent or little more, so 1, 11 or 99 buys nothing anywhere.
_SMALL_UNITS = frozenset(
    {"AMD", "ARS", "CLP", "COP", "CRC", "HUF", "IDR", "IQD", "IRR", "ISK", "JPY", "KHR", "KRW", "KZT", "LAK", "LBP",
     "MMK", "MNT", "NGN", "PKR", "PYG", "RSD", "TZS", "UGX", "UZS", "VND"}
)  # fmt: skip


def is_placeholder_price(minor: int, currency: str) -> bool:
    """Return whether a price is one that is typed to fill the field, not one that is asked.

    0 and below, 1, keys in a row from 123 on, ones from 111 on and nines from 99,999 on. Other repeated digits are
    asked (55, 222), and so are 99, 999 and 9,999: prices end in nines. In a currency of small units everything below
    100 buys nothing, while 111 or 1,234 may be asked and a price in nines may be long: there ones and keys in a row
    count from five digits on, nines from seven.

    A price of 1 is asked where everything is cheap (children's clothes); weigh it with what the thing should cost.

    Args:
        minor: minor units of the currency; the item's price, since fees on top hide the pattern.
        currency: ISO 4217.
    """
    if minor <= 0:
        return True
    amount = from_minor(minor, currency)
    if amount != int(amount):
        return False
    is_small = currency in _SMALL_UNITS
    units = int(amount)
    if units < (100 if is_small else 2):
        return True
    text = str(units)
    if set(text) == {"9"}:
        return len(text) >= (7 if is_small else 5)
    return (units in _IN_A_ROW or set(text) == {"1"}) and len(text) >= (5 if is_small else 3)
