"""Browse API answers to listings and rejected records.

Belongs here: one item of a search and of getItem. Does not: what an answer means (``reading``).

Kept of a seller is the user name; legal data of business sellers (name, street, telephone) is never read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from domain.listing import Availability, Listing, Seller
from domain.page import RejectedRecord
from domain.price_kind import PriceKind
from scrapers.ebay.conditions import condition_of
from scrapers.ebay.sites import SOURCE_NAME, site_of_marketplace

_MAX_RECORD = 64 * 1024


class RecordError(ValueError):
    """A record that cannot be a listing; the message names the field."""


def read_records(records: Sequence[Any]) -> tuple[tuple[Listing, ...], tuple[RejectedRecord, ...]]:
    """Read the items of an answer, each by itself."""
    listings, rejected = [], []
    for index, record in enumerate(records):
        try:
            listings.append(read_item(record, position=index + 1))
        except RecordError as error:
            raw = msgspec.json.encode(record)[:_MAX_RECORD]
            rejected.append(RejectedRecord(index=index, reason=str(error), record=raw))
    return tuple(listings), tuple(rejected)


def read_item(item: Any, *, position: int | None = None) -> Listing:
    """Read one item of a search or of getItem.

    A bid is not a price: an item without a fixed price is ``current_bid``. One of several variations shows the price of
    one, and does not say which: ``from``.

    Raises:
        RecordError: naming the field.
    """
    if not isinstance(item, Mapping):
        raise RecordError("the record is not an object")
    item_id, title = item.get("itemId"), item.get("title")
    if not isinstance(item_id, str) or not item_id.strip():
        raise RecordError("itemId: absent")
    if not isinstance(title, str) or not title.strip():
        raise RecordError("title: absent")
    kind = _kind(item)
    money = item.get("currentBidPrice") if kind is PriceKind.CURRENT_BID else item.get("price")
    price, currency = _money(money if money is not None else item.get("price"), "price")
    price_field = item.get("price") if isinstance(item.get("price"), Mapping) else {}
    condition_id = _text(item.get("conditionId"))
    shipping = _shipping(item.get("shippingOptions"), currency)
    return Listing(
        source=SOURCE_NAME,
        external_id=item_id.strip(),
        url=_address(item, item_id),
        title=title.strip(),
        price=price,
        currency=currency,
        original_price=_amount(_of(price_field, "convertedFromValue")),
        original_currency=_text(_of(price_field, "convertedFromCurrency")),
        description=_text(item.get("shortDescription")),
        brand=_text(item.get("brand")) or _aspect(item, "Brand"),
        size=_text(item.get("size")) or _aspect(item, "Size"),
        color=_text(item.get("color")) or _aspect(item, "Color"),
        category=_category(item),
        condition=condition_of(condition_id),
        condition_label=_text(item.get("condition")),
        condition_source_id=condition_id,
        availability=_availability(item),
        image_urls=_images(item),
        seller=_seller(item.get("seller")),
        favourite_count=None,
        listed_at=_time(item.get("itemCreationDate")),
        position=position,
        price_kind=kind,
        list_price=_list_price(item.get("marketingPrice"), currency),
        shipping_price=shipping,
        gtin=_text(item.get("gtin")),
        group_id=_group(item, item_id),
        quantity=_quantity(item),
        country=_text(_of(item.get("itemLocation"), "country")),
        ends_at=_time(item.get("itemEndDate")),
        attributes=_attributes(item),
    )


def _kind(item: Mapping[str, Any]) -> PriceKind:
    options = item.get("buyingOptions")
    options = options if isinstance(options, list) else []
    if "AUCTION" in options and "FIXED_PRICE" not in options:
        return PriceKind.CURRENT_BID
    return PriceKind.FROM if _is_group(item) else PriceKind.PRICE


def _is_group(item: Mapping[str, Any]) -> bool:
    return item.get("itemGroupType") == "SELLER_DEFINED_VARIATIONS"


def _group(item: Mapping[str, Any], item_id: str) -> str | None:
    if not _is_group(item) and item.get("primaryItemGroup") is None:
        return None
    parts = item_id.split("|")
    return parts[1] if len(parts) == 3 else None


def _money(value: Any, field: str) -> tuple[Decimal, str]:
    if not isinstance(value, Mapping):
        raise RecordError(f"{field}: absent")
    amount = _amount(value.get("value"))
    currency = value.get("currency")
    if amount is None or amount <= 0:
        raise RecordError(f"{field}.value: {str(value.get('value'))[:40]!r} is no price")
    if not isinstance(currency, str) or len(currency) != 3 or not currency.isalpha():
        raise RecordError(f"{field}.currency: {str(currency)[:40]!r} is no currency")
    return amount, currency.upper()


def _amount(value: Any) -> Decimal | None:
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def _shipping(options: Any, currency: str) -> Decimal | None:
    """Return the cheapest fixed delivery; what is CALCULATED without a cost is unknown, not free."""
    costs = []
    for option in options if isinstance(options, list) else []:
        cost = _of(option, "shippingCost")
        amount = _amount(_of(cost, "value"))
        if amount is not None and _of(cost, "currency") == currency:
            costs.append(amount)
    return min(costs, default=None)


def _list_price(value: Any, currency: str) -> Decimal | None:
    original = _of(value, "originalPrice")
    return _amount(_of(original, "value")) if _of(original, "currency") == currency else None


def _availability(item: Mapping[str, Any]) -> Availability:
    states = item.get("estimatedAvailabilities")
    first = states[0] if isinstance(states, list) and states else None
    status = _of(first, "estimatedAvailabilityStatus") or _of(first, "availabilityStatus")
    if status == "OUT_OF_STOCK":
        return Availability.OUT_OF_STOCK
    return Availability.AVAILABLE


def _quantity(item: Mapping[str, Any]) -> int | None:
    states = item.get("estimatedAvailabilities")
    first = states[0] if isinstance(states, list) and states else None
    count = _of(first, "estimatedAvailableQuantity")
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None


def _seller(value: Any) -> Seller | None:
    name = _text(_of(value, "username"))
    if name is None:
        return None
    account = _of(value, "sellerAccountType")
    return Seller(external_id=name, login=name, is_business=None if account is None else account == "BUSINESS")


def _address(item: Mapping[str, Any], item_id: str) -> str:
    # The API's own address carries a tracking hash that changes; the plain one is stable.
    site = site_of_marketplace(item.get("listingMarketplaceId"))
    web = _text(item.get("itemWebUrl"))
    host = web.split("/itm/", 1)[0] if web and "/itm/" in web else (site.www if site else "https://www.ebay.com")
    parts = item_id.split("|")
    number = parts[1] if len(parts) == 3 else item_id
    variation = f"?var={parts[2]}" if len(parts) == 3 and parts[2] not in {"0", ""} else ""
    return f"{host}/itm/{number}{variation}"


def _images(item: Mapping[str, Any]) -> tuple[str, ...]:
    more = item.get("additionalImages")
    images = [item.get("image"), *(more if isinstance(more, list) else [])]
    return tuple(url for image in images if (url := _text(_of(image, "imageUrl"))))[:12]


def _category(item: Mapping[str, Any]) -> str | None:
    path = _text(item.get("categoryPath"))
    if path:
        return path.rsplit("|", 1)[-1]
    categories = item.get("categories")
    return _text(_of(categories[0], "categoryName")) if isinstance(categories, list) and categories else None


def _attributes(item: Mapping[str, Any]) -> dict[str, str]:
    options = item.get("buyingOptions")
    found = {
        "buying_options": ", ".join(one for one in options if isinstance(one, str))
        if isinstance(options, list)
        else "",
        "bids": str(item["bidCount"]) if isinstance(item.get("bidCount"), int) else "",
        "epid": _text(item.get("epid")) or "",
    }
    return {name: value for name, value in found.items() if value}


def _aspect(item: Mapping[str, Any], name: str) -> str | None:
    aspects = item.get("localizedAspects")
    for aspect in aspects if isinstance(aspects, list) else []:
        if _of(aspect, "name") == name:
            return _text(_of(aspect, "value"))
    return None


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
