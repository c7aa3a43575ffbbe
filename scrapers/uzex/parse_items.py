"""A lot's own answer: its positions with their unit prices.

Belongs here: ``GetCompletedDealProducts`` (recorded 2025-12: an array of items, unsorted, ``product_name`` always
null), and the cards ``GetLot`` (``js_details``) and ``GetTrade`` (``budget_products``, a JSON text with names like
``Order_Num``) as public clients describe them; not recorded. Does not: lists (``parse_rows``).

An item's ``price`` is for one unit, in a completed auction already scaled down to the winning bid: ``cost`` =
``quantity`` x ``price``, and the ``cost`` of all items add up to the lot's ``deal_cost``. On the cards it is the
ceiling.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import msgspec

from domain.listing import Listing, UnpricedOffer
from domain.lot import Lot, LotItem
from scrapers.uzex.asked import Asked
from scrapers.uzex.endpoints import SOURCE_NAME, lot_page
from scrapers.uzex.parse_rows import RowsRead, offer_of, read_lot
from scrapers.uzex.values import (
    ValueReadError,
    count,
    currency,
    loads,
    lower_keys,
    moment,
    optional_number,
    reject,
    text,
)

_MAX_ATTRIBUTES = 20
_MAX_TITLE = 300
_LISTS = ("js_details", "budget_products", "js_products", "products")


def card_items(card: Mapping[str, object]) -> list[object] | None:
    """Return the positions on a lot's card; None where it has none of the known names."""
    fields = lower_keys(card)
    for name in _LISTS:
        value = fields.get(name)
        if isinstance(value, str):
            try:
                value = loads(value.encode("utf-8", "replace"))
            except ValueError:
                continue
        if isinstance(value, list):
            return value
    return None


def read_items(records: list[object], asked: Asked, card: Mapping[str, object] | None = None) -> RowsRead:
    """Read the positions of one lot; a bad one costs itself only.

    Args:
        records: the positions.
        asked: names the lot, which the answer itself does not, and what its list's row said of it. Without it the
            positions are listings of a lot without a number, and no lot is returned.
        card: the object they stand in, where the answer is more than an array.
    """
    lot = _lot(asked, card)
    is_named = lot is not None
    lot = lot or _unnamed_lot(records, asked)
    items: dict[int, LotItem] = {}
    rejected = []
    for index, record in enumerate(records):
        try:
            item = _item(record, lot)
            items[item.number] = item
        except ValueReadError as error:
            rejected.append(reject(index, str(error), record))
    in_order = tuple(items[number] for number in sorted(items))
    currencies = {item.currency for item in in_order}
    whole = msgspec.structs.replace(
        lot, items=in_order, currency=lot.currency or (currencies.pop() if len(currencies) == 1 else None)
    )
    seller = asked.context.get("provider") or lot.provider_id
    offers = [offer_of(whole, item, seller_id=seller) for item in in_order]
    return RowsRead(
        lots=(whole,) if is_named else (),
        listings=tuple(offer for offer in offers if isinstance(offer, Listing)),
        unpriced=tuple(offer for offer in offers if isinstance(offer, UnpricedOffer)),
        rejected=tuple(rejected),
    )


def _unnamed_lot(records: list[object], asked: Asked) -> Lot:
    """Stand in for the lot of positions that came without their address: no lot to keep, the same ids each time."""
    digest = hashlib.sha256(json.dumps(records, default=str, sort_keys=True).encode()).hexdigest()[:12]
    return Lot(
        source=SOURCE_NAME,
        external_id=f"unnamed-{digest}",
        lot_type="auction",
        status="completed",
        url=f"{asked.xarid}/completed-deals/auction",
    )


def _lot(asked: Asked, card: Mapping[str, object] | None) -> Lot | None:
    if asked.lot is None or asked.lot_type is None or asked.status is None:
        return None
    said = asked.context
    bare = Lot(
        source=SOURCE_NAME,
        external_id=asked.lot,
        lot_type=asked.lot_type,
        status=asked.status,
        url=lot_page(asked.lot_type, asked.status, asked.lot, xarid=asked.xarid, etender=asked.etender),
        category=said.get("category"),
        region=said.get("region"),
        currency=currency(said.get("currency")),
        starts_at=moment(said.get("start")),
        ends_at=moment(said.get("end")),
        deal_at=moment(said.get("deal")) if asked.status == "completed" else None,
    )
    if card is None:
        return bare
    try:
        # The address names the lot; an id on the card may be another's.
        return read_lot({**lower_keys(card), "lot_id": asked.lot}, asked)
    except ValueReadError:
        return bare


def _item(record: object, lot: Lot) -> LotItem:
    if not isinstance(record, dict):
        raise ValueReadError(f"the position is not an object but {type(record).__name__}")
    fields = lower_keys(record)
    number = next((found for name in ("order_num", "rn", "id") if (found := count(fields.get(name)))), None)
    if number is None:
        raise ValueReadError("order_num: missing or not a number of at least 1")
    description = text(fields.get("description"))
    name = text(fields.get("product_name")) or text(fields.get("name")) or description
    if name is None:
        raise ValueReadError("description: missing, and so is product_name")
    properties = _properties(fields.get("js_properties"))
    quantity = fields.get("quantity")
    return LotItem(
        number=number,
        name=name[:_MAX_TITLE],
        description=description,
        quantity=optional_number(fields.get("amount") if quantity is None else quantity, "quantity"),
        unit=text(fields.get("unit_name")) or text(fields.get("measure_name")) or properties.pop(0, ("", None))[1],
        unit_price=optional_number(fields.get("price"), "price"),
        cost=optional_number(fields.get("cost"), "cost"),
        currency=currency(fields.get("currency_codeabc"), fields.get("currency_name")) or lot.currency,
        country=text(fields.get("country_name")),
        attributes={
            called[:100]: value[:300]
            for place, (called, value) in list(properties.items())[:_MAX_ATTRIBUTES]
            if place and called and value
        },
    )


def _properties(value: object) -> dict[int, tuple[str, str | None]]:
    """Return names and values by their place; place 0 is the unit of measure in every recorded item."""
    if isinstance(value, str):
        try:
            value = loads(value.encode("utf-8", "replace"))
        except ValueError:
            return {}
    found: dict[int, tuple[str, str | None]] = {}
    for one in value if isinstance(value, list) else []:
        if isinstance(one, dict):
            fields = lower_keys(one)
            place = count(fields.get("pnum"))
            if place is not None:
                found[place] = (text(fields.get("property_name")) or "", text(fields.get("user_value")))
    return dict(sorted(found.items()))
