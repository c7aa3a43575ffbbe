"""One thing for sale, normalised over all marketplaces, and its business hash."""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from domain.condition import Condition


class Availability(StrEnum):
    """Whether the thing can be bought now."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    SOLD = "sold"
    GONE = "gone"
    UNKNOWN = "unknown"


class Seller(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept about a seller: the id and login needed to tell sellers apart, nothing more."""

    external_id: str
    login: str | None = None
    is_business: bool | None = None


class Listing(msgspec.Struct, frozen=True, kw_only=True):
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

    def content_hash(self) -> bytes:
        """Return 16 bytes that change exactly when a business field changes.

        Left out: counters, position and image addresses. Vinted signs image addresses anew on every answer and
        counters move all day, so hashing them would make every check look like a change.
        """
        fields = (
            self.source,
            self.external_id,
            self.title,
            format(self.price.normalize(), "f"),
            self.currency,
            None if self.total_price is None else format(self.total_price.normalize(), "f"),
            self.description,
            self.brand,
            self.size,
            self.color,
            self.category,
            str(self.condition),
            self.condition_label,
            str(self.availability),
        )
        return hashlib.blake2b(msgspec.json.encode(fields), digest_size=16).digest()

    def payable(self) -> Decimal:
        """Return what a buyer compares: the total where known, else the price."""
        return self.price if self.total_price is None else self.total_price


def listing_as_json(listing: Listing) -> dict[str, object]:
    """Return the listing as plain JSON values, the shape ``pricescope parse`` prints (money as decimal strings)."""
    seller = listing.seller
    return {
        "source": listing.source,
        "external_id": listing.external_id,
        "title": listing.title,
        "price": format(listing.price, "f"),
        "currency": listing.currency,
        "total_price": None if listing.total_price is None else format(listing.total_price, "f"),
        "fee": None if listing.fee is None else format(listing.fee, "f"),
        "original_price": None if listing.original_price is None else format(listing.original_price, "f"),
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
    }
