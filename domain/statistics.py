"""The statistics a deal rule reads: one group of comparables, the candidate left out.

Belongs here: the values. Does not: computing them (dbt), reading them (``warehouse.baselines``), judging by them
(``ml.rules``).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from domain.condition import Condition
from domain.fair_price import FairPrice
from domain.listing_kind import ListingKind
from domain.price_kind import PriceKind


class GroupStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Statistics of the payable prices of one group, in the watch's currency, the candidate itself left out.

    Attributes:
        level: ``condition`` (watch x condition) or ``watch`` (all conditions of the watch, the parent group).
        n: comparables in the group; the other fields are None where n is too small to define them.
        mean, stddev, median: of the price, major units; stddev is the sample one (n - 1).
        log_mean, log_stddev, log_median, log_q10: of the natural log of the price in major units; q10 is the 10th
            percentile, the lower tail that the robust rule measures by.
        log_mad: unscaled MAD of the log price; None where the candidate had to be left out of its group, since no rule
            reads it and it cannot be had from ranks as the others can.
        window_days: how far back a comparable's last observation may lie.
        computed_at: when dbt made the statistics (UTC).
        comparable_ids: our listing ids, nearest to the candidate in price first, at most 50.
    """

    level: str
    n: int
    window_days: int
    computed_at: datetime
    mean: Decimal | None = None
    stddev: Decimal | None = None
    median: Decimal | None = None
    log_mean: float | None = None
    log_stddev: float | None = None
    log_median: float | None = None
    log_q10: float | None = None
    log_mad: float | None = None
    comparable_ids: tuple[int, ...] = ()


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A listing to be judged under one watch.

    Attributes:
        price: payable price (total where known) converted to ``currency``, the watch's currency; None where no rate
            is known, which makes every rule say so.
        total_minor: payable price in minor units of the listing's own currency ``listing_currency``.
        groups: narrowest first; empty where no statistics exist yet.
        page_id: raw page the price was read from.
        is_initial: found by the watch's first run, so reported and not alerted until its price drops.
        judged_total_minor: payable price at the last verdict; None where never judged.
        price_kind: only comparable kinds get a verdict.
        brand: as the page says it; empty where it does not.
        fair_price: what a price model says of it; None where the watch does not ask one or none is trained.
        kind, kind_reason: what the listing offers and the sentence that says why; no reason where none was told.
    """

    watch_id: int
    listing_id: int
    title: str
    description: str | None
    condition: Condition
    price: Decimal | None
    currency: str
    total_minor: int
    listing_currency: str
    is_blacklisted: bool = False
    groups: tuple[GroupStatistics, ...] = ()
    page_id: int = 0
    is_initial: bool = False
    judged_total_minor: int | None = None
    price_kind: PriceKind = PriceKind.PRICE
    kind: ListingKind = ListingKind.NORMAL
    kind_reason: str | None = None
    brand: str = ""
    fair_price: FairPrice | None = None
