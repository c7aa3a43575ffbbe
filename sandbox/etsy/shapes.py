"""A listing of the market as the Open API shows it. Who made it and when are the sandbox's own shares."""

from __future__ import annotations

import html
from collections.abc import Collection
from datetime import UTC, datetime

from sandbox import prices
from sandbox.items import Item

Json = dict[str, object]
COUNTRIES = {"com": "US", "fr": "FR", "de": "DE", "it": "IT", "nl": "NL", "co.uk": "GB", "pl": "PL", "es": "ES"}


def eras(year: int) -> tuple[str, ...]:
    """Return names of ``when_made``; the current year and that of twenty years ago are part of some (2020_2024)."""
    boundary = year - 19
    return ("made_to_order", f"2020_{year}", "2010_2019", f"2000_{boundary - 1}", "1990s", "1980s", "1970s",
            "before_1700")  # fmt: skip


def number_of(item: Item) -> int:
    """Return a listing's number."""
    return 1_000_000_000 + item.item_id % 900_000_000


def listing(item: Item, at: int) -> Json:
    """Return one listing of a search, as ``findAllListingsActive`` gives it."""
    number, minor = number_of(item), item.price_at(at)
    made = item.item_id % 3
    names = eras(datetime.fromtimestamp(at, UTC).year)
    sold = not item.is_live(at)
    return {
        "listing_id": number,
        "user_id": item.seller.user_id,
        "shop_id": item.seller.user_id % 100_000_000,
        # The real one escapes what sellers typed.
        "title": html.escape(item.title, quote=True).replace("&#x27;", "&#39;"),
        "description": f"{html.escape(item.title)} &amp; more.",
        "state": "sold_out" if sold else "active",
        "creation_timestamp": item.published_at + (at - item.published_at) // 86400 // 30 * 30 * 86400,
        "created_timestamp": item.published_at,
        "original_creation_timestamp": item.published_at,
        "ending_timestamp": item.published_at + 120 * 86400,
        "last_modified_timestamp": item.published_at,
        "updated_timestamp": item.published_at,
        "state_timestamp": item.published_at,
        "quantity": 0 if sold else 1 if made else 1 + item.item_id % 40,
        "shop_section_id": None,
        "featured_rank": -1,
        "url": f"https://www.etsy.com/listing/{number}/{item.slug}",
        "num_favorers": item.favourites_at(at),
        "non_taxable": False,
        "is_taxable": True,
        "is_customizable": False,
        "is_personalizable": False,
        "personalization_is_required": False,
        "personalization_char_count_max": None,
        "personalization_instructions": None,
        "listing_type": "physical",
        "tags": [item.family.category.lower(), item.colour.names["en"]],
        "materials": [],
        "who_made": ("i_did", "someone_else", "someone_else")[made],
        "when_made": names[item.item_id % len(names)] if made else "made_to_order",
        "is_supply": item.item_id % 29 == 7,
        "is_private": False,
        "style": [],
        "file_data": "",
        "has_variations": item.item_id % 8 == 1,
        "should_auto_renew": True,
        "language": "en-US",
        "price": {"amount": minor, "divisor": 100, "currency_code": item.currency},
        "taxonomy_id": item.family.catalog_id,
        "shipping_profile_id": 1,
        "return_policy_id": None,
        "processing_min": 1,
        "processing_max": 3,
    }


def with_associations(item: Item, at: int, base: str, wanted: Collection[str] = ("Images", "Shop")) -> Json:
    """Return a listing with images and shop, as far as they are wanted, as batch and getListing give it."""
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
        "shop_location_country_iso": COUNTRIES[item.seller.home.domain],
        "is_vacation": False,
        "review_average": 4.5 + (item.seller.user_id % 5) / 10,
        "review_count": item.seller.user_id % 900,
        "transaction_sold_count": item.seller.user_id % 5000,
    }
    shown = listing(item, at) | {"views": item.favourites_at(at) * 9, "skus": []}
    if "Images" in wanted:
        shown["images"] = [image]
    if "Shop" in wanted:
        shown["shop"] = shop
    return shown


def usd(item: Item, at: int) -> int:
    """Return the price in US cents."""
    return prices.convert(item.price_at(at), item.currency, "USD")
