"""A wish to be told how a product's price moves, and what is known when it is looked at.

Belongs here: the rules' names, their parameters, the facts they are judged by. Does not: judging (``ml.price_rules``),
deals of watches (``domain.deal``).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import msgspec


class PriceRuleKind(StrEnum):
    """What its owner asks to be told."""

    LOWEST = "lowest"
    DROP = "drop"
    BELOW_AVERAGE = "below_average"
    RISE_ABOVE = "rise_above"
    CHANGE = "change"
    BACK_IN_STOCK = "back_in_stock"


class PriceRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule over one product or all of them.

    Attributes:
        product_id: None: every product.
        sku: of that product; None: every product.
        days: UTC days before today that the price is held against; None with ``lowest``: all that are known.
        amount: of ``drop`` and ``below_average`` per cent, of ``rise_above`` a price in ``currency``.
        currency: ISO 4217 of that price, else None.
        channels: names of the channels told; empty means all configured.
    """

    price_rule_id: int
    owner: str
    kind: PriceRuleKind
    product_id: int | None = None
    sku: str | None = None
    days: int | None = None
    amount: Decimal | None = None
    currency: str | None = None
    channels: tuple[str, ...] = ()
    created_at: datetime | None = None

    def is_silent(self, base_currency: str) -> bool:
        """Say whether its limit cannot be held against prices, which are told in another currency now."""
        return self.currency not in {None, base_currency}


class ProductMoment(msgspec.Struct, frozen=True, kw_only=True):
    """A product as a rule finds it: its cheapest offer now, and its past as the rule asks for it.

    Attributes:
        is_on_offer: some listing of it can be bought now, as far as is known.
        value: the lowest payable price now in ``base_currency``; None where nothing is on offer or no rate is known.
        price, currency: the same offer as its source asks it. listing_id, page_id: the offer and the page it is from.
        n_days: days with a price among those the rule looks at; lowest, mean: of their lowest, in ``base_currency``.
        reference: lowest price of the last day on offer at least ``days`` days back, and that day.
    """

    product_id: int
    sku: str
    name: str
    base_currency: str
    is_on_offer: bool
    value: Decimal | None = None
    price: Decimal | None = None
    currency: str | None = None
    source: str | None = None
    url: str | None = None
    listing_id: int | None = None
    page_id: int | None = None
    n_days: int = 0
    lowest: Decimal | None = None
    mean: Decimal | None = None
    reference: Decimal | None = None
    reference_date: date | None = None


class PriceMemory(msgspec.Struct, frozen=True, kw_only=True):
    """What the last look at a product by a rule left behind; amounts as in ``ProductMoment``.

    Attributes:
        told_value: the price it was last told at while the rule has held since; None where nothing was told.
    """

    base_currency: str
    is_on_offer: bool
    is_met: bool
    value: Decimal | None = None
    price: Decimal | None = None
    currency: str | None = None
    told_value: Decimal | None = None


class PriceNews(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a product; ``reason`` is a sentence for the owner.

    Attributes:
        against: what the price was held against, in the base currency; percent: change against it, negative: cheaper.
    """

    reason: str
    against: Decimal | None = None
    percent: Decimal | None = None


class PriceJudgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule says of a product now: what to remember, and what to tell, if anything."""

    memory: PriceMemory
    news: PriceNews | None = None
