"""Tells what PostgreSQL, or our tables, would refuse, before it is sent: one bad record never fails a page.

Belongs here: checks of single values against the limits of storage. Does not: whether a listing makes sense.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from domain.listing import Listing
from domain.money import MAX_AMOUNT

# Far beyond what marketplaces allow; what is longer is a parsing accident. Index entries must stay under 2,700 bytes.
_LENGTHS = {
    "external_id": 200,
    "url": 8_000,
    "title": 2_000,
    "description": 200_000,
    "brand": 1_000,
    "size": 1_000,
    "color": 1_000,
    "category": 1_000,
    "condition_label": 1_000,
    "condition_source_id": 200,
    "original_currency": 3,
    "sku": 200,
    "gtin": 200,
    "group_id": 200,
    "country": 2,
}
# Short texts that only one source says; a page's worth of them is a parsing accident.
_ATTRIBUTES_MAX = 100
_ATTRIBUTE_MAX = 4_000
_SHORT = 200
_IMAGES_MAX = 200
_IMAGE_URL_MAX = 8_000
_RECORD_MAX = 64 * 1024
_INT32_MAX = 2**31 - 1
_USUAL_CURRENCIES = frozenset(("EUR", "GBP", "PLN", "USD"))
_CURRENCY = re.compile(r"[A-Z]{3}")
_COUNTRY = re.compile(r"[A-Z]{2}")


def is_storable_id(external_id: str) -> bool:
    """Say whether a listing can have this id."""
    return 0 < len(external_id) <= _LENGTHS["external_id"]


def refusal(listing: Listing, source: str) -> str | None:
    """Return why this listing cannot be stored, with the field's name; None when it can."""
    if _is_usual(listing, source):
        return None
    return (
        _bad_identity(listing, source)
        or _bad_text(listing)
        or _bad_money(listing)
        or _bad_country(listing)
        or _bad_counts(listing)
        or _bad_time(listing)
    )


def _is_usual(listing: Listing, source: str) -> bool:
    """Tell at a tenth of the cost what nearly every listing is; what is not is looked at field by field."""
    one, seller = listing, listing.seller
    # Where several texts together are within what each may be, each is.
    short = (
        f"{one.external_id}{one.brand}{one.size}{one.color}{one.category}{one.condition_label}"
        f"{one.condition_source_id}{one.sku}{one.gtin}{one.group_id}"
    )
    if seller is not None:
        short += f"{seller.external_id}{seller.login}"
    photos = "".join(one.image_urls)
    return (
        one.source == source
        and one.external_id != ""
        and len(short) <= _SHORT
        and len(one.url) <= _LENGTHS["url"]
        and len(one.title) <= _LENGTHS["title"]
        and (one.description is None or len(one.description) <= _LENGTHS["description"])
        and len(one.image_urls) <= _IMAGES_MAX
        and len(photos) <= _IMAGE_URL_MAX
        and not one.attributes
        and one.original_currency is None
        and one.country is None
        and _holds(f"{short}{one.url}{one.title}{one.description}{photos}")
        and _is_usual_money(one)
        and _bad_counts(one) is None
        and (one.listed_at is None or _bad_time(one) is None)
        and one.ends_at is None
    )


def _is_usual_money(listing: Listing) -> bool:
    for amount in (listing.price, listing.total_price, listing.fee):
        if amount is not None and not (type(amount) is Decimal and amount.is_finite() and 0 <= amount <= MAX_AMOUNT):
            return False
    return (
        listing.price is not None
        and listing.original_price is None
        and listing.list_price is None
        and listing.shipping_price is None
        and listing.currency in _USUAL_CURRENCIES
    )


def storable(text: str) -> str:
    """Return the text with what PostgreSQL cannot hold (NUL, lone surrogates) written as escapes."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def record_bytes(listing: Listing) -> bytes:
    """Return the listing for the quarantine: JSON, or its repr where JSON cannot hold it; at most 64 KiB."""
    try:
        encoded = msgspec.json.encode(listing, enc_hook=_plain)
    except (UnicodeEncodeError, ValueError, OverflowError, TypeError):
        encoded = repr(listing).encode("utf-8", "backslashreplace")
    return encoded[:_RECORD_MAX]


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in a record")


def _bad_identity(listing: Listing, source: str) -> str | None:
    if listing.source != source:
        return f"source: the page is of {source!r}, the listing says {storable(listing.source)[:80]!r}"
    if not listing.external_id:
        return "external_id: empty"
    return None


def _texts(listing: Listing) -> dict[str, str | None]:
    return {name: getattr(listing, name) for name in _LENGTHS}


def _bad_text(listing: Listing) -> str | None:
    texts = _texts(listing)
    if listing.seller is not None:
        texts |= {"seller.external_id": listing.seller.external_id, "seller.login": listing.seller.login}
    for name, text in texts.items():
        if text is not None and len(text) > _LENGTHS.get(name, 200):
            return f"{name}: {len(text)} characters, at most {_LENGTHS.get(name, 200)} are kept"
    if len(listing.image_urls) > _IMAGES_MAX or any(len(url) > _IMAGE_URL_MAX for url in listing.image_urls):
        return "image_urls: too many or too long"
    if listing.attributes:
        if len(listing.attributes) > _ATTRIBUTES_MAX or any(
            len(name) > _ATTRIBUTE_MAX or len(value) > _ATTRIBUTE_MAX for name, value in listing.attributes.items()
        ):
            return f"attributes: more than {_ATTRIBUTES_MAX}, or one longer than {_ATTRIBUTE_MAX} characters"
        texts["attributes"] = "".join(part for pair in listing.attributes.items() for part in pair)
    texts["image_urls"] = "".join(listing.image_urls)
    if _holds("".join(text for text in texts.values() if text)):
        return None
    name = next(name for name, text in texts.items() if text and not _holds(text))
    return f"{name}: holds a NUL character or half a surrogate pair, which PostgreSQL refuses"


def _holds(text: str) -> bool:
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad_money(listing: Listing) -> str | None:
    amounts = (
        ("price", listing.price),
        ("total_price", listing.total_price),
        ("fee", listing.fee),
        ("original_price", listing.original_price),
        ("list_price", listing.list_price),
        ("shipping_price", listing.shipping_price),
    )
    for name, amount in amounts:
        if amount is None and name != "price":
            continue
        if not isinstance(amount, Decimal):
            return f"{name}: {type(amount).__name__} is not an exact decimal"
        if not amount.is_finite() or amount < 0 or amount > MAX_AMOUNT:
            return f"{name}: {amount!s:.40} is not an amount from 0 to {MAX_AMOUNT:,}"
    if not _CURRENCY.fullmatch(listing.currency):
        return f"currency: {storable(listing.currency)[:20]!r} is not an ISO 4217 code"
    return None


def _bad_country(listing: Listing) -> str | None:
    if listing.country is not None and not _COUNTRY.fullmatch(listing.country):
        return f"country: {storable(listing.country)[:20]!r} is not an ISO 3166 code such as DE"
    return None


def _bad_counts(listing: Listing) -> str | None:
    counts = (
        ("favourite_count", listing.favourite_count),
        ("view_count", listing.view_count),
        ("quantity", listing.quantity),
    )
    for name, count in counts:
        if count is not None and not -_INT32_MAX <= count <= _INT32_MAX:
            return f"{name}: {count!s:.40} does not fit 32 bits"
    return None


def _bad_time(listing: Listing) -> str | None:
    moments: tuple[tuple[str, datetime | None], ...] = (("listed_at", listing.listed_at), ("ends_at", listing.ends_at))
    for name, moment in moments:
        if moment is not None and moment.tzinfo is None:
            return f"{name}: {moment.isoformat()} has no time zone"
        if moment is not None and not 1970 <= moment.year <= 9000:
            return f"{name}: the year {moment.year} is not one a listing can have"
    return None
