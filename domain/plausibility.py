"""Whether a price can be meant, beside the price known until now.

Belongs here: the rule, pure. Does not: holding, releasing (``warehouse.reviews``), verdicts about deals.

Held for review is what a person would take for a slip: nothing at all, a power of ten, a placeholder, the same figure
in another currency, a twentieth or the twentyfold. A real reduction, to a tenth even, is confirmed by the next page
that shows it again; a slip is usually gone by then.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from domain.money import to_minor
from domain.placeholder import is_placeholder_price

# A shop's last pieces go for a fifth; beyond a twentieth it is a slip more often than a price.
_FAR = Decimal(20)
_POWERS = (Decimal(10), Decimal(100), Decimal(1000))
_NEAR = Decimal("0.005")


class Implausible(StrEnum):
    """Why a price is held."""

    ZERO = "zero: nothing is offered for nothing; a free trial, a price on request or a slip"
    POWER_OF_TEN = "off by a power of ten from the price known"
    PLACEHOLDER = "a placeholder figure far from the price known"
    CURRENCY_SLIP = "the same figure as before in another currency"
    FAR_OFF = "less than a twentieth or more than twenty times the price known"


def implausible(known: Decimal, known_currency: str, seen: Decimal, currency: str) -> Implausible | None:
    """Return why ``seen`` cannot be meant by a listing known at ``known``; None where it can.

    Args:
        known: last price that counts, major units of ``known_currency``; 0 where none was ever told.
        known_currency: ISO 4217.
        seen: price on the page at hand, major units of ``currency``.
        currency: ISO 4217.
    """
    if known <= 0 or (seen == known and currency == known_currency):
        return None
    if seen == 0:
        return Implausible.ZERO
    if currency != known_currency:
        return Implausible.CURRENCY_SLIP if seen == known else None
    ratio = max(seen / known, known / seen)
    # 0.5 % beside the power: 19.99 after 199.00 is a slip as well, 20.00 after 190.00 may be a sale.
    if any(abs(ratio / power - 1) <= _NEAR for power in _POWERS):
        return Implausible.POWER_OF_TEN
    if ratio >= 5 and is_placeholder_price(to_minor(seen, currency), currency):
        return Implausible.PLACEHOLDER
    return Implausible.FAR_OFF if ratio > _FAR else None
