"""One thing for sale, normalised over all marketplaces, and its business hash.

Belongs here: what a listing is, and what of it counts as a change. Does not: reading it from a page (``scrapers``),
storing it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

import msgspec

from domain.condition import Condition
from domain.price_kind import PriceKind

_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})
# Attributes that move by themselves, like the counters beside them.
_COUNTERS = frozenset({"orders", "reviews", "rating", "delivery_days", "shop_reviews", "shop_sold"})
_ENCODER = msgspec.json.Encoder()
_NOTHING_MORE = (None,) * 7


class Availability(StrEnum):
    """Whether the thing can be bought now."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    SOLD = "sold"
    GONE = "gone"
    PREORDER = "preorder"
    BACKORDER = "backorder"
    OUT_OF_STOCK = "out_of_stock"
    DISCONTINUED = "discontinued"
    UNKNOWN = "unknown"


class Seller(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is kept about a seller: the id and login needed to tell sellers apart, nothing more."""

    external_id: str
    login: str | None = None
    is_business: bool | None = None


# No listing refers to itself, and a page's worth of them is not looked through for that (gc).
class Listing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A listing as its page showed it.

    Attributes:
        source: slug of the marketplace, e.g. ``vinted``.
        external_id: the marketplace's own id, as text (Vinted's exceed 2**33).
        url: absolute address of the listing.
        price: price as listed, major units of ``currency``.
        total_price: what the buyer pays including fees where the page says so (shipping excluded), else None.
        fee: buyer's fee where the page says so, same currency.
        original_price: the seller's own price and currency where the site converted it.
        condition_label: the source's own words; ``condition_source_id`` its own id.
        favourite_count, view_count: None where the page does not say.
        listed_at: UTC; None where the source does not say (never guessed from ids).
        position: 1-based place within its search page.
        price_kind: what ``price`` is the price of; only comparable kinds enter statistics and deals.
        list_price: struck-through or recommended price, same currency.
        shipping_price: cheapest delivery where the page says it; 0 is free, None is unknown.
        sku: the seller's or shop's own article number; ``gtin`` digits only (EAN, UPC, ISBN-13).
        group_id: the card or variation group that this listing is one variant of.
        quantity: pieces in stock, None where the page does not say.
        country: ISO 3166 alpha-2 of where the thing is, upper case.
        ends_at: UTC; when an auction or listing ends.
        attributes: what only this source says (era, flair, warranty ...), short texts by snake_case name.
    """

    source: str
    external_id: str
    url: str
    title: str
    price: Decimal
    currency: str
    total_price: Decimal | None = None
    fee: Decimal | None = None
    original_price: Decimal | None = None
    original_currency: str | None = None
    description: str | None = None
    brand: str | None = None
    size: str | None = None
    color: str | None = None
    category: str | None = None
    condition: Condition = Condition.UNKNOWN
    condition_label: str | None = None
    condition_source_id: str | None = None
    availability: Availability = Availability.AVAILABLE
    image_urls: tuple[str, ...] = ()
    seller: Seller | None = None
    favourite_count: int | None = None
    view_count: int | None = None
    listed_at: datetime | None = None
    position: int | None = None
    price_kind: PriceKind = PriceKind.PRICE
    list_price: Decimal | None = None
    shipping_price: Decimal | None = None
    sku: str | None = None
    gtin: str | None = None
    group_id: str | None = None
    quantity: int | None = None
    country: str | None = None
    ends_at: datetime | None = None
    attributes: Mapping[str, str] = _NO_ATTRIBUTES

    def content_hash(self) -> bytes:
        """Return 16 bytes that change exactly when a business field changes.

        Left out: counters, stock, position and image addresses. Vinted signs image addresses anew on every answer and
        counters move all day, so hashing them would make every check look like a change.
        """
        fields = (
            self.source,
            self.external_id,
            self.title,
            _hashed_amount(self.price),
            self.currency,
            _hashed_amount(self.total_price),
            self.description,
            self.brand,
            self.size,
            self.color,
            self.category,
            self.condition,
            self.condition_label,
            self.availability,
        )
        return hashlib.blake2b(_ENCODER.encode(fields + self._hashed_where_said()), digest_size=16).digest()

    def _hashed_where_said(self) -> tuple[object, ...]:
        # Only where a source says more than the fields above, so that the hashes of the others stay what they were.
        more = (self.list_price, self.shipping_price, self.sku, self.gtin, self.group_id, self.country, self.ends_at)
        said = sorted(pair for pair in self.attributes.items() if pair[0] not in _COUNTERS) if self.attributes else []
        if self.price_kind is PriceKind.PRICE and more == _NOTHING_MORE and not said:
            return ()
        return (
            str(self.price_kind),
            _hashed_amount(self.list_price),
            _hashed_amount(self.shipping_price),
            self.sku,
            self.gtin,
            self.group_id,
            self.country,
            None if self.ends_at is None else self.ends_at.astimezone(UTC).isoformat(),
            said,
        )

    def payable(self) -> Decimal:
        """Return what a buyer compares: the total where known, else the price."""
        return self.price if self.total_price is None else self.total_price


class UnpricedOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that its page shows without a price one could pay: sold out, or the price is not in the page.

    It never enters the price history as 0; a listing known from before takes its availability.

    Attributes:
        reason: one sentence: why there is no price.
        price_kind: ``none``, or the kind of the only amount shown (``from_other_sellers`` ...).
        shown_price: that amount.
    """

    source: str
    external_id: str
    url: str
    title: str
    reason: str
    availability: Availability = Availability.UNKNOWN
    price_kind: PriceKind = PriceKind.NONE
    shown_price: Decimal | None = None
    currency: str | None = None
    list_price: Decimal | None = None
    brand: str | None = None
    sku: str | None = None
    gtin: str | None = None


def unpriced_as_json(offer: UnpricedOffer) -> dict[str, object]:
    """Return an offer without price as plain JSON values: the keys that matter of `listing_as_json`, price null."""
    return {
        "source": offer.source,
        "external_id": offer.external_id,
        "title": offer.title,
        "price": None,
        "currency": offer.currency,
        "list_price": _amount(offer.list_price),
        "price_kind": str(offer.price_kind),
        "shown_price": _amount(offer.shown_price),
        "availability": str(offer.availability),
        "brand": offer.brand,
        "sku": offer.sku,
        "gtin": offer.gtin,
        "url": offer.url,
        "reason": offer.reason,
    }


def _hashed_amount(value: Decimal | None) -> str | None:
    """Return the amount without the zeros that say nothing: 20.00 and 20 are one price."""
    if value is None:
        return None
    written = str(value)
    if "E" in written or written.startswith("-"):
        return format(value.normalize(), "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def listing_as_json(listing: Listing) -> dict[str, object]:
    """Return the listing as plain JSON values, the shape ``pricescope parse`` prints (money as decimal strings)."""
    seller = listing.seller
    return {
        "source": listing.source,
        "external_id": listing.external_id,
        "title": listing.title,
        "price": format(listing.price, "f"),
        "currency": listing.currency,
        "total_price": _amount(listing.total_price),
        "fee": _amount(listing.fee),
        "original_price": _amount(listing.original_price),
        "original_currency": listing.original_currency,
        "condition": str(listing.condition),
        "condition_label": listing.condition_label,
        "condition_source_id": listing.condition_source_id,
        "availability": str(listing.availability),
        "brand": listing.brand,
        "size": listing.size,
        "color": listing.color,
        "category": listing.category,
        "description": listing.description,
        "url": listing.url,
        "image_urls": list(listing.image_urls),
        "seller_id": None if seller is None else seller.external_id,
        "seller_login": None if seller is None else seller.login,
        "seller_is_business": None if seller is None else seller.is_business,
        "favourite_count": listing.favourite_count,
        "view_count": listing.view_count,
        "listed_at": None if listing.listed_at is None else listing.listed_at.isoformat(),
        "price_kind": str(listing.price_kind),
        "list_price": _amount(listing.list_price),
        "shipping_price": _amount(listing.shipping_price),
        "sku": listing.sku,
        "gtin": listing.gtin,
        "group_id": listing.group_id,
        "quantity": listing.quantity,
        "country": listing.country,
        "ends_at": None if listing.ends_at is None else listing.ends_at.isoformat(),
        "attributes": dict(listing.attributes),
    }
