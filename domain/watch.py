"""What a user asks to be watched, and the thresholds of that wish.

Belongs here: the value. Does not: reading the address of a search (``scrapers``), keeping watches
(``warehouse.watches``).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from domain.listing_kind import ListingKind


class RuleName(StrEnum):
    """The deal rules a watch may switch on, any together."""

    ABSOLUTE = "absolute"
    MEAN_SIGMA = "mean_sigma"
    ROBUST = "robust"
    MODEL = "model"


DEFAULT_RULES = (RuleName.ABSOLUTE, RuleName.ROBUST)


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """A saved search with its thresholds.

    Attributes:
        params: the marketplace's own search parameters, by their canonical names (see the source's search_url module).
        country: the marketplace's country domain, e.g. ``fr`` or ``co.uk``.
        currency: ISO 4217; prices are compared in it.
        max_price: the absolute rule's limit on the total price, in ``currency``; None switches that rule off.
        sigma_k: k of the mean - k*sigma rule (default 1.5, after the brief); 0 is under the average of the window.
        robust_z: how many robust deviations below the expected log price the default rule asks for.
        false_alarms_per_1000: how many of 1,000 ordinary new listings the model rule may alert on.
        min_comparables: fewer comparables than this give the verdict "not enough data".
        blacklist: words or ``/regex/``; a listing with one is left out of alerts and statistics.
        highlight: words shown, never excluded.
        pages_per_poll: None means the source's default (five).
        seller_countries: ISO 3166 alpha-2; a listing known to be elsewhere is left out like a blacklisted one; empty
            lets every country in.
        excluded_sellers: ids or logins of sellers whose listings are left out.
        personal_sellers_only: listings of sellers known to be a business are left out.
        check_every_minutes: the interval asked for; None leaves it to what the watch brings (``domain.cadence``).
        kinds: the kinds of listings wanted; others are neither alerted nor in its statistics.
        channels: names of the channels told; empty means all configured.
        is_probe: the watch used to probe the source while it is blocked.
    """

    watch_id: int
    owner: str
    name: str
    source: str
    url: str
    country: str
    currency: str
    params: dict[str, str | list[str]]
    rules: tuple[RuleName, ...] = DEFAULT_RULES
    max_price: Decimal | None = None
    sigma_k: Decimal = Decimal("1.5")
    robust_z: Decimal = Decimal("2.0")
    min_comparables: int = 8
    false_alarms_per_1000: Decimal = Decimal(5)
    blacklist: tuple[str, ...] = ()
    highlight: tuple[str, ...] = ()
    pages_per_poll: int | None = None
    check_every_minutes: int | None = None
    channels: tuple[str, ...] = ()
    seller_countries: tuple[str, ...] = ()
    excluded_sellers: tuple[str, ...] = ()
    personal_sellers_only: bool = False
    kinds: tuple[ListingKind, ...] = (ListingKind.NORMAL,)
    is_active: bool = True
    is_probe: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    first_judged_at: datetime | None = None
