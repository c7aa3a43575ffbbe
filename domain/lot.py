"""A lot of public procurement and the goods in it.

Belongs here: the values. Does not: reading them from an answer (``scrapers.uzex``), storing them (``warehouse.lots``).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec


class LotItem(msgspec.Struct, frozen=True, kw_only=True):
    """One position of a lot.

    Attributes:
        number: 1-based position within the lot.
        unit_price: for one ``unit``, in the lot's currency unless ``currency`` says another.
    """

    number: int
    name: str
    description: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
    cost: Decimal | None = None
    currency: str | None = None
    country: str | None = None
    attributes: dict[str, str] = {}


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """A lot as its page showed it.

    Attributes:
        lot_type: ``auction``, ``shop``, ``national`` or ``tender``.
        status: ``open``, ``completed`` or ``not_completed``.
        start_price, deal_price: of the whole lot; ``deal_price`` None until it is closed.
        currency: ISO 4217; None where neither lot nor items say.
        bidders: how many took part.
        starts_at, ends_at, deal_at: UTC.
        items: empty where only the list row is known so far.
    """

    source: str
    external_id: str
    lot_type: str
    status: str
    url: str
    title: str | None = None
    display_number: str | None = None
    category: str | None = None
    region: str | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    provider_id: str | None = None
    provider_name: str | None = None
    start_price: Decimal | None = None
    deal_price: Decimal | None = None
    currency: str | None = None
    bidders: int | None = None
    is_budget: bool | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    deal_at: datetime | None = None
    items: tuple[LotItem, ...] = ()
