"""A rule's verdict on a listing, with the numbers it saw.

Belongs here: the values. Does not: deciding (``ml.rules``), keeping (``warehouse.deals``).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from domain.fair_price import FairComparable
from domain.watch import RuleName


class VerdictKind(StrEnum):
    """What a rule said. ``not enough data`` is a verdict, never a forced yes or no."""

    DEAL = "deal"
    NO_DEAL = "no_deal"
    NOT_ENOUGH_DATA = "not_enough_data"
    CHECK_FIRST = "check_first"
    EXCLUDED = "excluded"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers a verdict rests on, frozen with the deal. Amounts are in ``currency``, major units.

    Attributes:
        n: comparables used, the candidate left out.
        window_days: how far back the comparables were seen; computed_at: when the statistics were made (UTC).
        level: which group the statistics came from: ``condition`` (watch x condition), ``watch`` or ``none``.
        expected: what such a thing costs here: arithmetic mean (mean_sigma), the exponential of the shrunk
            log location (robust), or what the price model expects (model).
        median: plain median of the comparables.
        spread: standard deviation in money (mean_sigma) or of log price (robust).
        sigma_below: how many spreads the price lies below the expected one.
        difference: expected minus price; percent: 100 * difference / expected.
        threshold: the price under which the rule alerts.
        comparable_ids: our listing ids, nearest in price first (model: most alike first).
        low, high, p_value, tier, model, comparables: of the price model, see ``domain.fair_price.FairPrice``.
    """

    price: Decimal
    currency: str
    n: int = 0
    window_days: int | None = None
    computed_at: datetime | None = None
    level: str = "none"
    expected: Decimal | None = None
    median: Decimal | None = None
    spread: float | None = None
    sigma_below: float | None = None
    difference: Decimal | None = None
    percent: float | None = None
    threshold: Decimal | None = None
    comparable_ids: tuple[int, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    p_value: float | None = None
    tier: str | None = None
    model: str | None = None
    comparables: tuple[FairComparable, ...] = ()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One rule's answer for one listing under one watch; ``reason`` is a sentence for the owner."""

    rule: RuleName
    kind: VerdictKind
    reason: str
    evidence: Evidence
