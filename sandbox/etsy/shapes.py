"""A listing of the market as the Open API shows it. Who made it and when are the sandbox's own shares."""

from __future__ import annotations

import html

from sandbox import prices
from sandbox.items import Item

Json = dict[str, object]
_ERAS = ("made_to_order", "2020_2026", "2010_2019", "2000_2006", "1990s", "1980s", "1970s", "before_1700")
_COUNTRY = {"com": "US", "fr": "FR", "de": "DE", "it": "IT", "nl": "NL", "co.uk": "GB", "pl": "PL", "es": "ES"}


def number_of(item: Item) -> int:
    """Return a listing's number."""
    return 1_000_000_000 + item.item_id % 900_000_000


def listing(item: Item, at: int) -> Json:
    """Return one listing of a search, as ``findAllListingsActive`` gives it."""
    number, minor = number_of(item), item.price_at(at)
    made = item.item_id % 3
    return {
        "listing_id": number,
        "user_id": item.seller.user_id,
        "shop_id": item.seller.user_id % 100_000_000,
        # The real one escapes what sellers typed.
        "title": html.escape(item.title, quote=True).replace("&#x27;", "&#39;"),
        "description": f"{html.escape(item.title)} &amp; more.",
        "state": "active",
        "creation_timestamp": item.published_at + (at - item.published_at) // 86400 // 30 * 30 * 86400,
        "created_timestamp": item.published_at,
        "original_creation_timestamp": item.published_at,
        "ending_timestamp": item.published_at + 120 * 86400,
        "last_modified_timestamp": item.published_at,
        "updated_timestamp": item.published_at,
        "state_timestamp": item.published_at,
        "quantity": 1 if made else 1 + item.item_id % 40,
        "url": f"https://www.etsy.com/listing/{number}/{item.slug}",
        "num_favorers": item.favourites_at(at),
        "listing_type": "physical",
        "tags": [item.family.category.lower(), item.colour.names["en"]],
        "materials": [],
        "who_made": ("i_did", "someone_else", "someone_else")[made],
        "when_made": _ERAS[item.item_id % len(_ERAS)] if made else "made_to_order",
        "is_supply": False,
        "has_variations": item.item_id % 8 == 1,
        "language": "en-US",
        "price": {"amount": minor, "divisor": 100, "currency_code": item.currency},
        "taxonomy_id": item.family.catalog_id,
        "shipping_profile_id": 1,
    }


def with_associations(item: Item, at: int, base: str) -> Json:
    """Return a listing with images and shop, as the batch call gives it."""
    image = {
        "listing_id": number_of(item),
        "listing_image_id": item.item_id * 4,
        "rank": 1,
        "url_75x75": f"{base}/images/{item.item_id}.png?w=75",
        "url_570xN": f"{base}/images/{item.item_id}.png",
        "url_fullxfull": f"{base}/images/{item.item_id}.png?w=full",
        "full_width": 1140,
        "full_height": 1520,
        "hex_code": item.colour.hex.lstrip("#"),
    }
    shop = {
        "shop_id": item.seller.user_id % 100_000_000,
        "shop_name": f"SandboxShop{item.seller.user_id % 10_000}",
        "shop_location_country_iso": _COUNTRY[item.seller.home.domain],
        "is_vacation": False,
        "review_average": 4.5 + (item.seller.user_id % 5) / 10,
        "review_count": item.seller.user_id % 900,
        "transaction_sold_count": item.seller.user_id % 5000,
    }
    return listing(item, at) | {"images": [image], "shop": shop, "views": item.favourites_at(at) * 9}


def usd(item: Item, at: int) -> int:
    """Return the price in US cents."""
    return prices.convert(item.price_at(at), item.currency, "USD")
