"""What a fair price estimate means for a false-alarm budget: one word and one sentence.

Belongs here: the order in which things stop or make a deal. Does not: the rules of a watch (``ml.rules``), money text.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from domain.deal import VerdictKind
from ml.pricing.listings import NORMAL_KIND
from ml.pricing.model import TIERS, Estimates
from ml.robust import MODEL_CHECK_SHARE


class PriceVerdict(NamedTuple):
    """The word and the sentence."""

    kind: VerdictKind
    reason: str


def verdicts(
    estimates: Estimates, kinds: tuple[str, ...], refusals: tuple[str, ...], budget: float
) -> list[PriceVerdict]:
    """Return the verdict on each listing.

    Args:
        estimates: of the listings. kinds: what each is; only ``normal`` can be a deal.
        refusals: why alerts are refused, "" where they are not.
        budget: false alarms accepted per 1,000 new listings; a deal's p-value is at most a thousandth of it.
    """
    return [_verdict(estimates, row, kinds[row], refusals[row], budget / 1000.0) for row in range(len(kinds))]


def _verdict(estimates: Estimates, row: int, kind: str, refused: str, level: float) -> PriceVerdict:
    if kind != NORMAL_KIND:
        return PriceVerdict(VerdictKind.EXCLUDED, f"{kind.replace('_', ' ')}: not the thing itself")
    n, p = int(estimates.n_eff[row]), float(estimates.p_value[row])
    if TIERS[estimates.tier[row]] == "none":
        return PriceVerdict(VerdictKind.NOT_ENOUGH_DATA, f"{n} comparable listings are known, 5 are needed")
    discount = float(estimates.discount[row])
    where = f"{abs(discount):.0%} {'under' if discount >= 0 else 'over'} what {n} comparable listings lead to expect"
    if discount > 1.0 - MODEL_CHECK_SHARE:
        return PriceVerdict(
            VerdictKind.CHECK_FIRST,
            f"{where}; under {MODEL_CHECK_SHARE:.0%} of it is more often a part, an empty box or a typing mistake",
        )
    if np.isnan(p) or refused:
        why = refused or f"{where}; still learning how far such prices scatter"
        return PriceVerdict(VerdictKind.NOT_ENOUGH_DATA, why)
    kind_of_price = VerdictKind.DEAL if p <= level and discount > 0 else VerdictKind.NO_DEAL
    return PriceVerdict(kind_of_price, f"{where}; {1000 * p:.1f} in 1,000 ordinary listings are as cheap")
