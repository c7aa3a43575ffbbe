"""What a marketplace adds to a listed price, for the pages that do not say it.

Belongs here: documented fee rules, pure. Does not: reading a page, or what is done where no rule is known (warehouse).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

# Vinted's buyer protection, 0.70 + 5 % of the price, rounded to cents: documented by the site and true of all pairs of
# price and total recorded from 2023 to 2026, in euros and pounds. Other currencies were never recorded: no rule.
_FIXED_MINOR = {("vinted", "EUR"): 70, ("vinted", "GBP"): 70}
_RATE = Decimal("0.05")


def buyer_fee_minor(source: str, currency: str, price_minor: int) -> int | None:
    """Return the fee on a price, both in minor units of ``currency``; None where no rule is known."""
    fixed = _FIXED_MINOR.get((source, currency))
    if fixed is None:
        return None
    return int((fixed + price_minor * _RATE).to_integral_value(rounding=ROUND_HALF_UP))
