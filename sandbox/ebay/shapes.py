"""A listing of the market as the Browse API shows it.

Every ninth is an auction, every seventh a group of variations, every fifth has calculated shipping, some have no
condition: the shares are the sandbox's own.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from domain.money import from_minor
from sandbox.items import Item
from sandbox.locales import EUR_PER_UNIT, Grade

Json = dict[str, object]
MARKETPLACES = {
    "EBAY_US": ("com", "USD"), "EBAY_GB": ("co.uk", "GBP"), "EBAY_DE": ("de", "EUR"), "EBAY_FR": ("fr", "EUR"),
    "EBAY_IT": ("it", "EUR"), "EBAY_ES": ("es", "EUR"), "EBAY_NL": ("nl", "EUR"), "EBAY_PL": ("pl", "PLN"),
    "EBAY_AT": ("at", "EUR"), "EBAY_IE": ("ie", "EUR"), "EBAY_BE": ("be", "EUR"), "EBAY_CH": ("ch", "CHF"),
    "EBAY_CA": ("ca", "CAD"), "EBAY_AU": ("com.au", "AUD"), "EBAY_HK": ("com.hk", "HKD"), "EBAY_SG": ("com.sg", "SGD"),
}  # fmt: skip
# The market's own rates, and invented ones for currencies that only eBay's sites have.
_EUR_PER_UNIT = EUR_PER_UNIT | {
    "CHF": Decimal("1.06"), "CAD": Decimal("0.62"), "AUD": Decimal("0.56"), "HKD": Decimal("0.11"),
    "SGD": Decimal("0.67"),
}  # fmt: skip
_CONDITIONS = {
    Grade.NEW_WITH_TAGS: ("1000", "New"),
    Grade.NEW_WITHOUT_TAGS: ("1500", "Open box"),
    Grade.VERY_GOOD: ("2750", "Like New"),
    Grade.GOOD: ("3000", "Used"),
    Grade.SATISFACTORY: ("6000", "Acceptable"),
}
COUNTRIES = {"com": "US", "fr": "FR", "de": "DE", "it": "IT", "nl": "NL", "co.uk": "GB", "pl": "PL", "es": "ES"}


def number_of(item: Item) -> str:
    """Return the twelve-digit number of a listing."""
    return str(300_000_000_000 + item.item_id % 90_000_000_000)


def is_auction(item: Item) -> bool:
    """Tell whether a listing is an auction."""
    return item.item_id % 9 == 4


def is_group(item: Item) -> bool:
    """Tell whether a listing has variations."""
    return not is_auction(item) and item.item_id % 7 == 3


def condition_id(item: Item) -> str | None:
    """Return a listing's condition id; some listings have none."""
    return None if item.item_id % 33 == 5 else _CONDITIONS[item.grade][0]


def item_id(item: Item) -> str:
    """Return the RESTful id."""
    variation = str(500_000_000_000 + item.item_id % 1_000_000_000) if is_group(item) else "0"
    return f"v1|{number_of(item)}|{variation}"


def price_minor(item: Item, currency: str, at: int) -> int:
    """Return the price in minor units of a marketplace's currency."""
    return _converted(item.price_at(at), item.currency, currency)


def _converted(minor: int, seller_currency: str, currency: str) -> int:
    value = Decimal(minor) * _EUR_PER_UNIT[seller_currency] / _EUR_PER_UNIT[currency]
    return minor if seller_currency == currency else int(value.to_integral_value(rounding=ROUND_HALF_UP))


def _money(minor: int, currency: str) -> Json:
    return {"value": f"{from_minor(minor, currency):.2f}", "currency": currency}


def ships_free(item: Item) -> bool:
    """Tell whether delivery is stated and costs nothing."""
    return item.item_id % 5 != 2 and item.item_id % 3 == 0


def login(item: Item) -> str:
    """Return the seller's user name."""
    return "sandbox-" + hashlib.blake2b(str(item.seller.user_id).encode(), digest_size=5).hexdigest()


def summary(item: Item, marketplace: str, base: str, at: int) -> Json:
    """Return one item of a search."""
    host, currency = MARKETPLACES[marketplace]
    minor = price_minor(item, currency, at)
    price = _money(minor, currency)
    if item.currency != currency:
        price["convertedFromValue"] = f"{from_minor(item.price_at(at), item.currency):.2f}"
        price["convertedFromCurrency"] = item.currency
    number = number_of(item)
    web = f"https://www.ebay.{host}/itm/{number}?hash=item{item.item_id:x}:g:sandbox&amdata=enc%3A{at}"
    shown: Json = {
        "itemId": item_id(item),
        "legacyItemId": number,
        "title": item.title[:80],
        "categories": [{"categoryId": str(item.family.catalog_id), "categoryName": item.family.category}],
        "leafCategoryIds": [str(item.family.catalog_id)],
        "image": {"imageUrl": f"{base}/images/{item.item_id}/s-l225.png"},
        "price": price,
        "itemHref": f"{base}/buy/browse/v1/item/{item_id(item).replace('|', '%7C')}",
        "seller": {"username": login(item), "feedbackPercentage": "99.1", "feedbackScore": item.seller.user_id % 4000},
        "buyingOptions": ["FIXED_PRICE", "BEST_OFFER"] if item.item_id % 4 == 0 else ["FIXED_PRICE"],
        "itemWebUrl": web,
        "itemLocation": {"postalCode": "301**", "country": COUNTRIES[item.seller.home.domain]},
        "shippingOptions": [_shipping(item, currency)],
        "adultOnly": False,
        "availableCoupons": False,
        "itemCreationDate": item.published.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "topRatedBuyingExperience": False,
        "priorityListing": False,
        "listingMarketplaceId": marketplace,
    }
    known = condition_id(item)
    if known is not None:
        shown |= {"conditionId": known, "condition": _CONDITIONS[item.grade][1]}
    if is_group(item):
        shown["itemGroupType"] = "SELLER_DEFINED_VARIATIONS"
        shown["itemGroupHref"] = f"{base}/buy/browse/v1/item/get_items_by_item_group?item_group_id={number}"
    if is_auction(item):
        shown |= _auction(item, minor, currency, at)
    elif len(item.steps) > 1 and item.price_at(at) < item.steps[0][1]:
        before = _converted(item.steps[0][1], item.currency, currency)
        share = round(100 * (1 - Decimal(minor) / Decimal(before)))
        shown["marketingPrice"] = {
            "originalPrice": _money(before, currency),
            "discountPercentage": str(share),
            "discountAmount": _money(before - minor, currency),
            "priceTreatment": "STRIKETHROUGH",
        }
    return shown


def _shipping(item: Item, currency: str) -> Json:
    if item.item_id % 5 == 2:
        return {"shippingCostType": "CALCULATED"}
    return {"shippingCostType": "FIXED", "shippingCost": _money(item.item_id % 3 * 350, currency)}


def _auction(item: Item, minor: int, currency: str, at: int) -> Json:
    age = max(0, at - item.published_at)
    ends = item.published + timedelta(days=7)
    bids = min(age // 40_000, 12)
    return {
        "buyingOptions": ["AUCTION"],
        "currentBidPrice": _money(max(100, minor * (20 + 5 * bids) // 100), currency),
        "bidCount": bids,
        "itemEndDate": ends.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }


def details(item: Item, marketplace: str, base: str, at: int) -> Json:
    """Return the answer of getItem; a business seller's legal data is in it, as in the real one."""
    shown = summary(item, marketplace, base, at)
    for name in ("categories", "leafCategoryIds", "itemHref", "itemCreationDate", "availableCoupons", "priorityListing",
                 "itemGroupHref", "itemGroupType"):  # fmt: skip
        shown.pop(name, None)
    aspects = [{"type": "STRING", "name": "Color", "value": item.colour.names["en"].title()}]
    if item.size:
        aspects.append({"type": "STRING", "name": "Size", "value": item.size})
    if item.brand:
        shown["brand"] = item.brand
    return shown | {
        "categoryId": str(item.family.catalog_id),
        "categoryPath": f"Everything|{item.family.category}",
        "localizedAspects": aspects,
        "estimatedAvailabilities": [
            {"estimatedAvailabilityStatus": "IN_STOCK" if item.is_live(at) else "OUT_OF_STOCK",
             "estimatedAvailableQuantity": 1 if item.is_live(at) else 0}
        ],
        "description": f"<p>{item.title}</p>",
        "itemEndDate": datetime.fromtimestamp(item.ended_at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }  # fmt: skip
