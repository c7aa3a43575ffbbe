"""What a price model says a listing should cost, as the rules read it and a deal keeps it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec


class FairComparable(msgspec.Struct, frozen=True, kw_only=True):
    """A listing that an expected price rests on, as it was known then.

    Attributes:
        price: payable, major units of the estimate's currency.
        seen_at: when that price was first seen (UTC).
        similarity: alikeness of the titles, 1 for the same words.
    """

    listing_id: int
    title: str
    price: Decimal
    condition: str
    seen_at: datetime | None
    similarity: float


class FairPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What a listing should cost; amounts in major units of the watch's currency, None where the model cannot say.

    Attributes:
        model: names the model: its number and the start of its sha256.
        trained_until: the newest price that it knew (UTC).
        refusal: why nothing may be alerted by it; None where it may.
        tier: how it was made, see ``ml.pricing.model``; ``none`` where too few comparables are known.
        n: comparables in the listing's own watch, itself left out.
        low, high: the interval that holds nine of ten ordinary prices.
        p_value: share of ordinary listings that are at least as cheap for what they are, those left out that are too
            cheap to be alerted; None while learning.
        least_p_value: the rarest that the calibration window can tell.
        comparables: five, most alike first.
    """

    model: str
    trained_until: datetime | None = None
    refusal: str | None = None
    tier: str = "none"
    n: int = 0
    expected: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    p_value: float | None = None
    least_p_value: float | None = None
    comparables: tuple[FairComparable, ...] = ()
