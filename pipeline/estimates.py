"""Arrays of estimates as the records that rules read, deals keep and ``ml.fair_prices`` stores.

Belongs here: numbers to money, rows of the pool to comparables. Does not: predicting (``ml.pricing``), SQL.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from domain.fair_price import FairComparable, FairPrice
from domain.money import minor_exponent
from ml.pricing.listings import Listings, item_of
from ml.pricing.model import TIERS, Calibration, Estimates


def fair_prices(
    estimates: Estimates,
    pool: Listings,
    calibration: Calibration,
    *,
    currency: str,
    model: str,
    trained_until: datetime | None,
    watches: Sequence[str],
) -> Callable[[int], FairPrice]:
    """Return what gives the record of a row of ``estimates``.

    Args:
        estimates: of listings. pool: what their ``comparable_rows`` count in.
        calibration: of the model. currency: of all prices. model: its name. trained_until: the newest price it knew.
        watches: of the listings.
    """
    least = 1 / (len(calibration.scores) + 1) if len(calibration.scores) else None
    quantum = Decimal(1).scaleb(-minor_exponent(currency))

    def record(row: int) -> FairPrice:
        tier = TIERS[int(estimates.tier[row])]
        if tier == "none":
            return FairPrice(
                model=model,
                trained_until=trained_until,
                refusal=calibration.refusal_of(watches[row]),
                n=int(estimates.n_eff[row]),
            )
        found = zip(estimates.comparable_rows[row], estimates.similarity[row], strict=True)
        p = float(estimates.alarm_rate[row])
        return FairPrice(
            model=model,
            trained_until=trained_until,
            refusal=calibration.refusal_of(watches[row]),
            tier=tier,
            n=int(estimates.n_eff[row]),
            expected=_money(float(estimates.expected[row]), quantum),
            low=_money(float(estimates.low[row]), quantum),
            high=_money(float(estimates.high[row]), quantum),
            p_value=None if math.isnan(p) else p,
            least_p_value=least,
            comparables=tuple(_comparable(pool, int(at), float(alike), quantum) for at, alike in found if at >= 0),
        )

    return record


def _money(amount: float, quantum: Decimal) -> Decimal | None:
    return None if math.isnan(amount) else Decimal(repr(amount)).quantize(quantum)


def _comparable(pool: Listings, row: int, similarity: float, quantum: Decimal) -> FairComparable:
    seen = float(pool.first_seen[row])
    return FairComparable(
        listing_id=int(item_of(pool.ids[row])),
        title=pool.titles[row],
        price=Decimal(repr(float(pool.prices[row]))).quantize(quantum),
        condition=pool.conditions[row],
        seen_at=None if math.isnan(seen) else datetime.fromtimestamp(seen, tz=UTC),
        similarity=round(similarity, 4),
    )
