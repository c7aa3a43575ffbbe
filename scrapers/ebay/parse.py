"""Browse API answers to listings and rejected records.

Belongs here: one item of a search and of getItem. Does not: what an answer means (``reading``).

Kept of a seller is the user name; legal data of business sellers (name, street, telephone) is never read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from domain.gtin import valid_gtin
from domain.listing import Availability, Listing, Seller
from domain.money import MoneyError, parse_amount, parse_currency
from domain.page import RejectedRecord
from domain.price_kind import PriceKind
from scrapers.ebay.conditions import condition_of
from scrapers.ebay.sites import SOURCE_NAME, site_of_marketplace
from scrapers.json_values import count_of, iso_time_of, part_of, record_bytes, text_of, web_address_of

_MAX_ATTRIBUTE = 300
_ITEM_ID = re.compile(r"[!-~]{1,100}")


class RecordError(ValueError):
    """A record that cannot be a listing; the message names the field."""


def read_records(records: Sequence[Any]) -> tuple[tuple[Listing, ...], tuple[RejectedRecord, ...]]:
    """Read the items of an answer, each by itself."""
    listings, rejected = [], []
    for index, record in enumerate(records):
        try:
            listings.append(read_item(record, position=index + 1))
        except RecordError as error:
            rejected.append(RejectedRecord(index=index, reason=str(error), record=record_bytes(record)))
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
    item_id, title = item.get("itemId"), text_of(item.get("title"))
    if not isinstance(item_id, str) or not _ITEM_ID.fullmatch(item_id):
        raise RecordError(f"itemId: {str(item.get('itemId'))[:40]!r} is no id")
    if title is None:
        raise RecordError("title: absent")
    kind = _kind(item)
    money = item.get("currentBidPrice") if kind is PriceKind.CURRENT_BID else item.get("price")
    price, currency = _money(money if money is not None else item.get("price"), "price")
    price_field = item.get("price") if isinstance(item.get("price"), Mapping) else {}
    condition_id = text_of(item.get("conditionId"))
    shipping = _shipping(item.get("shippingOptions"), currency)
    return Listing(
        source=SOURCE_NAME,
        external_id=item_id,
        url=_address(item, item_id),
        title=title,
        price=price,
        currency=currency,
        original_price=_amount(part_of(price_field, "convertedFromValue")),
        original_currency=text_of(part_of(price_field, "convertedFromCurrency")),
        description=text_of(item.get("shortDescription")),
        brand=text_of(item.get("brand")) or _aspect(item, "Brand"),
        size=text_of(item.get("size")) or _aspect(item, "Size"),
        color=text_of(item.get("color")) or _aspect(item, "Color"),
        category=_category(item),
        condition=condition_of(condition_id),
        condition_label=text_of(item.get("condition")),
        condition_source_id=condition_id,
        availability=_availability(item),
        image_urls=_images(item),
        seller=_seller(item.get("seller")),
        favourite_count=None,
        listed_at=iso_time_of(item.get("itemCreationDate")),
        position=position,
        price_kind=kind,
        list_price=_list_price(item.get("marketingPrice"), currency),
        shipping_price=shipping,
        gtin=valid_gtin(text_of(item.get("gtin"))),
        group_id=_group(item, item_id),
        quantity=_quantity(item),
        country=_country(part_of(item.get("itemLocation"), "country")),
        ends_at=iso_time_of(item.get("itemEndDate")),
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
    try:
        amount, currency = parse_amount(value.get("value")), parse_currency(value.get("currency"))
    except MoneyError as error:
        raise RecordError(f"{field}: {error}") from error
    if amount <= 0:
        raise RecordError(f"{field}: nothing, which is no price")
    return amount, currency


def _amount(value: Any) -> Decimal | None:
    try:
        return parse_amount(value)
    except MoneyError:
        return None


def _shipping(options: Any, currency: str) -> Decimal | None:
    """Return the cheapest fixed delivery; what is CALCULATED without a cost is unknown, not free."""
    costs = []
    for option in options if isinstance(options, list) else []:
        cost = part_of(option, "shippingCost")
        amount = _amount(part_of(cost, "value"))
        if amount is not None and part_of(cost, "currency") == currency:
            costs.append(amount)
    return min(costs, default=None)


def _list_price(value: Any, currency: str) -> Decimal | None:
    original = part_of(value, "originalPrice")
    return _amount(part_of(original, "value")) if part_of(original, "currency") == currency else None


def _availability(item: Mapping[str, Any]) -> Availability:
    states = item.get("estimatedAvailabilities")
    first = states[0] if isinstance(states, list) and states else None
    status = part_of(first, "estimatedAvailabilityStatus") or part_of(first, "availabilityStatus")
    if status == "OUT_OF_STOCK":
        return Availability.OUT_OF_STOCK
    return Availability.AVAILABLE


def _quantity(item: Mapping[str, Any]) -> int | None:
    states = item.get("estimatedAvailabilities")
    first = states[0] if isinstance(states, list) and states else None
    return count_of(part_of(first, "estimatedAvailableQuantity"))


def _seller(value: Any) -> Seller | None:
    name = text_of(part_of(value, "username"))
    if name is None:
        return None
    account = part_of(value, "sellerAccountType")
    return Seller(external_id=name, login=name, is_business=account == "BUSINESS" if isinstance(account, str) else None)


def _country(value: Any) -> str | None:
    return value.upper() if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{2}", value) else None


def _address(item: Mapping[str, Any], item_id: str) -> str:
    # The API's own address carries a tracking hash that changes; the plain one is stable.
    site = site_of_marketplace(item.get("listingMarketplaceId"))
    web = re.match(r"https?://(?:[\w-]+\.)+[\w.]+(?=/itm/)", web_address_of(item.get("itemWebUrl")) or "")
    host = web.group() if web else site.www if site else "https://www.ebay.com"
    parts = item_id.split("|")
    number = parts[1] if len(parts) == 3 else item_id
    variation = f"?var={parts[2]}" if len(parts) == 3 and parts[2] not in {"0", ""} else ""
    return f"{host}/itm/{number}{variation}"


def _images(item: Mapping[str, Any]) -> tuple[str, ...]:
    more = item.get("additionalImages")
    images = [item.get("image"), *(more if isinstance(more, list) else [])]
    return tuple(url for image in images if (url := web_address_of(part_of(image, "imageUrl"))))[:12]


def _category(item: Mapping[str, Any]) -> str | None:
    path = text_of(item.get("categoryPath"))
    if path:
        return path.rsplit("|", 1)[-1]
    categories = item.get("categories")
    return text_of(part_of(categories[0], "categoryName")) if isinstance(categories, list) and categories else None


def _attributes(item: Mapping[str, Any]) -> dict[str, str]:
    options, bids = item.get("buyingOptions"), count_of(item.get("bidCount"))
    names = [one for one in options if isinstance(one, str)] if isinstance(options, list) else []
    found = {
        "buying_options": text_of(", ".join(names)),
        "bids": None if bids is None else str(bids),
        "epid": text_of(item.get("epid")),
    }
    return {name: value[:_MAX_ATTRIBUTE] for name, value in found.items() if value}


def _aspect(item: Mapping[str, Any], name: str) -> str | None:
    aspects = item.get("localizedAspects")
    for aspect in aspects if isinstance(aspects, list) else []:
        if part_of(aspect, "name") == name:
            return text_of(part_of(aspect, "value"))
    return None
