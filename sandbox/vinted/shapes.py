"""Vinted's JSON: a listing of the market as the search service, the details and the user answers show it.

No recording of the search service of 2026-09 exists; its items are built from descriptions: the fields of the recorded
`api/v2` items, without `brand_title`, `size_title`, `status`, with relative addresses and photos without timestamps.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sandbox import prices, wording
from sandbox.items import Item, Seller
from sandbox.locales import Country

Json = dict[str, object]
_PHOTO_SIZES = (
    ("thumb70x100", 70, 100, None),
    ("thumb150x210", 150, 210, None),
    ("thumb310x430", 310, 430, None),
    ("thumb428x624", 240, 320, True),
    ("thumb624x428", 240, 320, True),
    ("thumb364x428", 240, 320, True),
)


@dataclass(frozen=True, slots=True)
class View:
    """From where and when a listing is looked at.

    Attributes:
        base: address of the country's look-alike, e.g. ``http://127.0.0.1:8000/vinted/fr``.
        at: Unix seconds of the market.
    """

    country: Country
    base: str
    at: int

    def price(self, item: Item) -> int:
        """The price in minor units of the site's currency."""
        return prices.convert(item.price_at(self.at), item.currency, self.country.currency)


def photo_id(item: Item, number: int) -> int:
    """Return the id of a listing's photo, above 4 * 10^10; ``number`` counts from 0."""
    return item.item_id * 4 + number


def item_of_photo(photo: int) -> tuple[int, int]:
    """Return the listing's id and the photo's number."""
    return divmod(photo, 4)


def photo_url(view: View, photo: int) -> str:
    """Return a photo's address; its signature changes every day, as the real ones rotate."""
    signature = hashlib.blake2b(f"{photo}|{view.at // 86400}".encode(), digest_size=20).hexdigest()
    return f"{view.base}/images/{photo}.png?s={signature}"


def money(minor: int, currency: str) -> Json:
    """Return an amount object."""
    return {"amount": prices.amount_text(minor, currency), "currency_code": currency}


def label(view: View, item: Item, *, with_protection: bool) -> str:
    """Write the accessibility label: title, what is known of brand, condition and size, price, total price."""
    country, words, minor = view.country, view.country.words, view.price(item)
    total = country.label_price(minor + prices.service_fee(minor, country.currency))
    parts = [item.title]
    if item.brand:
        parts.append(f"{words.brand}: {item.brand}")
    if item.shows_condition:
        parts.append(f"{words.condition}: {country.grade_label(item.grade)}")
    if item.size:
        parts.append(f"{words.size}: {item.size}")
    parts += [country.label_price(minor), f"{total} {words.protection}" if with_protection else total]
    return ", ".join(parts)


def second_line(view: View, item: Item) -> str:
    """Write size and condition as the row shows them; either part may be missing."""
    parts = [item.size, view.country.grade_label(item.grade) if item.shows_condition else None]
    return " · ".join(part for part in parts if part)


def _photo(view: View, item: Item, number: int) -> Json:
    photo = photo_id(item, number)
    url = photo_url(view, photo)
    return {
        "id": photo,
        "image_no": number + 1,
        "width": 240,
        "height": 320,
        "dominant_color": item.colour.hex,
        "dominant_color_opaque": item.colour.hex,
        "url": url,
        "is_main": number == 0,
        "thumbnails": [
            {"type": name, "url": url, "width": width, "height": height, "original_size": original}
            for name, width, height, original in _PHOTO_SIZES
        ],
        "high_resolution": {"id": f"sandbox_{photo}", "orientation": None},
        "is_suspicious": False,
        "full_size_url": url,
        "is_hidden": False,
        "extra": {},
    }


def _user(view: View, seller: Seller) -> Json:
    return {
        "id": seller.user_id,
        "login": seller.login,
        "profile_url": f"{view.base}/www/member/{seller.user_id}-{seller.login}",
        "photo": None,
        "business": seller.is_business,
    }


def search_item(view: View, item: Item, position: int) -> Json:
    """Return a listing as the search service shows it."""
    currency, minor = view.country.currency, view.price(item)
    fee = prices.service_fee(minor, currency)
    photos = [_photo(view, item, number) for number in range(item.photo_count)]
    return {
        "id": item.item_id,
        "title": item.title,
        "price": money(minor, currency),
        "url": item.path,
        "promoted": item.promoted,
        "photo": photos[0],
        "photos": photos,
        "user": _user(view, item.seller),
        "conversion": prices.conversion(item.price_at(view.at), item.currency, currency),
        "favourite_count": item.favourites_at(view.at),
        "service_fee": money(fee, currency),
        "total_item_price": money(minor + fee, currency),
        "view_count": 0,
        "content_source": "search",
        "item_box": {
            "first_line": item.brand or "",
            "second_line": second_line(view, item),
            "exposures": [],
            "accessibility_label": label(view, item, with_protection=True),
            "item_id": item.item_id,
        },
        "search_tracking_params": {"score": round(1 / (position + 1), 7)},
    }


def details(view: View, item: Item) -> Json:
    """Return ``/api/v2/items/{id}/details`` in its shape of 2025-08: amounts are plain strings."""
    currency, minor = view.country.currency, view.price(item)
    fee = prices.service_fee(minor, currency)
    is_sold = view.at >= item.ended_at
    family = item.family
    return {
        "item": {
            "id": item.item_id,
            "title": item.title,
            "description": item_text(item),
            "status_id": int(item.grade),
            "status": view.country.grade_label(item.grade),
            "catalog_id": family.catalog_id,
            "is_hidden": False,
            "is_reserved": False,
            "is_closed": is_sold,
            "item_closing_action": "sold" if is_sold else None,
            "currency": currency,
            "photos": [_photo(view, item, number) for number in range(item.photo_count)],
            "price": prices.amount_text(minor, currency),
            "service_fee": prices.amount_text(fee, currency),
            "total_item_price": prices.amount_text(minor + fee, currency),
            "conversion": prices.conversion(item.price_at(view.at), item.currency, currency),
            "favourite_count": item.favourites_at(view.at),
            "view_count": 0,
            "user": user(view, item.seller, item_count=1)["user"],
            "promoted": item.promoted,
            "brand_dto": {"id": family.brand_id, "title": item.brand, "path": f"/brand/{family.brand_id}"}
            if item.brand
            else None,
            "size_title": item.size or "",
            "path": item.path,
            "url": f"{view.base}/www{item.path}",
        },
        "code": 0,
    }


def item_text(item: Item) -> str:
    """Return the seller's description."""
    return wording.description(item.title, language=item.seller.home.language, colour=item.colour)


def user(view: View, seller: Seller, *, item_count: int) -> Json:
    """Return ``/api/v2/users/{id}``. Shape after the user object of the recorded details answer."""
    home = seller.home
    return {
        "user": {
            **_user(view, seller),
            "country_id": home.country_id,
            "country_iso_code": home.iso,
            "country_title_local": home.name,
            "feedback_count": seller.user_id % 211,
            "feedback_reputation": 1.0 - seller.user_id % 13 / 100,
            "item_count": item_count,
            "is_on_holiday": False,
            "is_banned": False,
        },
        "code": 0,
    }
