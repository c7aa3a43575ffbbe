"""Rows of UZEX's lists: a lot each, and where the row is the whole deal (the shops), a listing.

Belongs here: field names of the lists. Does not: a lot's items (``parse_items``), refusals (``meaning``).

Fields of the recordings of 2025-12: auction deals (``lot_id``, ``lot_display_no``, ``deal_cost`` ...) and shop deals
(``id``, ``product_name``, ``price``, ``amount``, ``cost``). Fields of tenders, of completed shop deals and of open
auctions as public clients of 2026 quote them. ``pcp_count`` is the number of bidders, whatever its name says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from domain.listing import Availability, Listing, Seller, UnpricedOffer
from domain.lot import Lot, LotItem
from domain.page import RejectedRecord
from domain.price_kind import PriceKind
from scrapers.uzex.asked import Asked
from scrapers.uzex.endpoints import CURRENCY, SOURCE_NAME, lot_page
from scrapers.uzex.values import (
    ValueReadError,
    count,
    currency,
    flag,
    identity,
    lower_keys,
    moment,
    optional_number,
    party,
    plain,
    reject,
    text,
)

AVAILABILITY = {
    "open": Availability.AVAILABLE,
    "completed": Availability.SOLD,
    "not_completed": Availability.GONE,
}
_SHOPS = frozenset({"shop", "national"})
_MAX_TITLE = 500


class RowsRead(msgspec.Struct, frozen=True, kw_only=True):
    """What the records of a page gave."""

    lots: tuple[Lot, ...] = ()
    listings: tuple[Listing, ...] = ()
    unpriced: tuple[UnpricedOffer, ...] = ()
    rejected: tuple[RejectedRecord, ...] = ()


def read_rows(rows: list[object], asked: Asked) -> RowsRead:
    """Read a list's rows, each lot once (the offsets shift while one pages); a bad row costs itself only."""
    lots: dict[str, Lot] = {}
    offers: dict[str, Listing | UnpricedOffer] = {}
    rejected: list[RejectedRecord] = []
    for index, row in enumerate(rows):
        try:
            lot = read_lot(row, asked)
            if lot.lot_type in _SHOPS:
                lot, offer = _shop_deal(lot, lower_keys(_mapping(row)))
                offers[lot.external_id] = offer
            lots[lot.external_id] = lot
        except ValueReadError as error:
            rejected.append(reject(index, str(error), row))
    return RowsRead(
        lots=tuple(lots.values()),
        listings=tuple(offer for offer in offers.values() if isinstance(offer, Listing)),
        unpriced=tuple(offer for offer in offers.values() if isinstance(offer, UnpricedOffer)),
        rejected=tuple(rejected),
    )


def read_lot(row: object, asked: Asked) -> Lot:
    """Read a row, or a lot's own card, into a lot without items.

    Raises:
        ValueReadError: where it has no id, or an amount that is none.
    """
    fields = lower_keys(_mapping(row))
    lot_type, status = asked.lot_type or "", asked.status or ""
    lot = identity(_first(fields, "lot_id", "trade_id", "id"), "lot_id")
    is_deal = status == "completed"
    is_tender = lot_type == "tender"
    # Of an open tender the row's seller_* is who buys; its category_name may be null and its name says what.
    customer = party(_first(fields, "customer_inn", "seller_tin"), _first(fields, "customer_name", "seller_name"))
    provider = party(fields.get("provider_inn"), fields.get("provider_name"))
    category = text(fields.get("category_name")) or asked.context.get("category")
    title = text(_first(fields, "product_name", "name"))
    if is_tender and title is None:
        # Closed tenders write what is bought where the other lists write its category.
        title, category = category, None
    return Lot(
        source=SOURCE_NAME,
        external_id=lot,
        lot_type=lot_type,
        status=status,
        url=lot_page(lot_type, status, lot, xarid=asked.xarid, etender=asked.etender),
        title=None if title is None else title[:_MAX_TITLE],
        display_number=text(_first(fields, "lot_display_no", "display_no")),
        category=category,
        region=text(_first(fields, "region_name", "customer_region_name", "customer_region"))
        or asked.context.get("region"),
        customer_id=customer[0],
        customer_name=customer[1],
        provider_id=provider[0],
        provider_name=provider[1],
        start_price=optional_number(fields.get("start_cost"), "start_cost")
        if is_deal or fields.get("start_cost") is not None
        else optional_number(fields.get("cost"), "cost"),
        deal_price=optional_number(_first(fields, "deal_cost", *(("cost",) if lot_type in _SHOPS else ())), "deal_cost")
        if is_deal
        else None,
        currency=_currency(fields, asked),
        bidders=count(_first(fields, "pcp_count", "participants_count")),
        is_budget=flag(fields.get("is_budget")),
        starts_at=_time(fields, asked, "start", "lot_start_date", "start_date"),
        ends_at=_time(fields, asked, "end", "lot_end_date", "end_date"),
        deal_at=_time(fields, asked, "deal", "deal_date") if is_deal else None,
    )


def paging(rows: list[object]) -> tuple[int | None, int | None]:
    """Return the highest row number of a list's page and the number of all rows, as far as the rows say."""
    numbers, totals = [], []
    for row in rows:
        if isinstance(row, dict):
            number, total = count(row.get("rn")), count(row.get("total_count"))
            numbers += [number] if number else []
            totals += [total] if total is not None else []
    return max(numbers, default=None), max(totals, default=None)


def offer_of(lot: Lot, item: LotItem, *, seller_id: str | None = None) -> Listing | UnpricedOffer:
    """Return the listing of one position, or the offer without price where price or currency is not said."""
    number = f"{lot.lot_type}-{lot.external_id}-{item.number}"
    code = item.currency or lot.currency
    if not item.unit_price or code is None:
        return UnpricedOffer(
            source=SOURCE_NAME,
            external_id=number,
            url=lot.url,
            title=item.name,
            reason="the position has no unit price" if not item.unit_price else "the page does not say the currency",
            availability=AVAILABILITY[lot.status],
            shown_price=item.unit_price or None,
            currency=code,
        )
    said = {
        "lot_type": lot.lot_type,
        "status": lot.status,
        "lot_number": lot.display_number,
        "region": lot.region,
        "unit": item.unit,
        "made_in": item.country,
        "amount": None if item.quantity is None else format(item.quantity, "f"),
        "bidders": None if lot.bidders is None or lot.status == "open" else str(lot.bidders),
    }
    return Listing(
        source=SOURCE_NAME,
        external_id=number,
        url=lot.url,
        title=item.name,
        description=item.description,
        price=item.unit_price,
        currency=code,
        price_kind=PriceKind.PROCUREMENT,
        category=lot.category,
        availability=AVAILABILITY[lot.status],
        seller=Seller(external_id=seller_id, is_business=True) if seller_id else None,
        listed_at=lot.starts_at,
        ends_at=lot.ends_at,
        group_id=lot.external_id,
        quantity=count(item.quantity),
        attributes={name: value[:200] for name, value in said.items() if value},
    )


def _shop_deal(lot: Lot, fields: Mapping[str, object]) -> tuple[Lot, Listing | UnpricedOffer]:
    """A shop's row is one product: its lot has one position, which is a listing straight away."""
    if lot.title is None:
        raise ValueReadError("product_name: missing")
    quantity = optional_number(fields.get("amount"), "amount")
    unit_price = optional_number(fields.get("price"), "price")
    if unit_price is None and lot.deal_price is not None and quantity:
        # Completed rows as quoted in 2026 give the sum and the amount only.
        unit_price = plain((lot.deal_price / quantity).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP))
    item = LotItem(
        number=1,
        name=lot.title,
        description=text(fields.get("condition")),
        quantity=quantity,
        unit=text(fields.get("unit_name")),
        unit_price=unit_price,
        cost=optional_number(_first(fields, "cost", "deal_cost"), "cost"),
        currency=lot.currency,
    )
    whole = msgspec.structs.replace(lot, items=(item,))
    return whole, offer_of(whole, item, seller_id=lot.provider_id)


def _mapping(row: object) -> dict[str, object]:
    if not isinstance(row, dict):
        raise ValueReadError(f"the record is not an object but {type(row).__name__}")
    return row


def _first(fields: Mapping[str, object], *names: str) -> object:
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _time(fields: Mapping[str, object], asked: Asked, context: str, *names: str) -> datetime | None:
    return moment(_first(fields, *names)) or moment(asked.context.get(context))


def _currency(fields: Mapping[str, object], asked: Asked) -> str | None:
    said = currency(fields.get("currency_codeabc"), fields.get("currency_name"), asked.context.get("currency"))
    # The shops trade in so'm only and their rows have no field for it; auctions and tenders do name other currencies.
    return CURRENCY if said is None and asked.lot_type in _SHOPS else said
