"""Etsy's listings to ours.

Belongs here: one listing of a search or a batch answer. Does not: what an answer means (``reading``).

Conditions: Etsy has none. What is vintage is used but in no stated state, so it stays ``unknown``; what its seller
makes now is new. Kept of a shop are its id and name.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from domain.condition import Condition
from domain.listing import Availability, Listing, Seller
from domain.page import RejectedRecord
from domain.price_kind import PriceKind
from scrapers.etsy.search_url import SOURCE_NAME

_MAX_RECORD = 64 * 1024
# Etsy's own rule of vintage, as sellers know it (the year of the boundary moves; not in the contract).
VINTAGE_YEARS = 20
_STATES = {
    "active": Availability.AVAILABLE,
    "sold_out": Availability.SOLD,
    "inactive": Availability.GONE,
    "expired": Availability.GONE,
    "removed": Availability.GONE,
    "draft": Availability.UNKNOWN,
}


class RecordError(ValueError):
    """A record that cannot be a listing; the message names the field."""


def read_records(records: Sequence[Any], at: datetime) -> tuple[tuple[Listing, ...], tuple[RejectedRecord, ...]]:
    """Read the listings of an answer, each by itself; ``at`` is when it was fetched."""
    listings, rejected = [], []
    for index, record in enumerate(records):
        try:
            listings.append(read_listing(record, at, position=index + 1))
        except RecordError as error:
            raw = msgspec.json.encode(record)[:_MAX_RECORD]
            rejected.append(RejectedRecord(index=index, reason=str(error), record=raw))
    return tuple(listings), tuple(rejected)


def read_listing(record: Any, at: datetime, *, position: int | None = None) -> Listing:
    """Read one listing.

    The price is the lowest over its variations, in the shop's currency (Etsy/open-api#329): ``from`` where it has any.

    Raises:
        RecordError: naming the field.
    """
    if not isinstance(record, Mapping):
        raise RecordError("the record is not an object")
    number = record.get("listing_id")
    if not isinstance(number, int) or isinstance(number, bool) or number <= 0:
        raise RecordError(f"listing_id: {str(number)[:40]!r} is no id")
    title = _text(record.get("title"))
    if title is None:
        raise RecordError("title: absent")
    price, currency = _price(record)
    kind = kind_of(record, at)
    return Listing(
        source=SOURCE_NAME,
        external_id=str(number),
        url=_text(record.get("url")) or f"https://www.etsy.com/listing/{number}",
        title=title,
        price=price,
        currency=currency,
        description=_text(record.get("description")),
        condition=Condition.NEW if kind in {"handmade", "supply"} else Condition.UNKNOWN,
        availability=_STATES.get(str(record.get("state")), Availability.UNKNOWN),
        image_urls=_images(record),
        seller=_seller(record),
        favourite_count=_count(record.get("num_favorers")),
        view_count=_count(record.get("views")),
        # creation_timestamp moves when a listing is renewed; the original one does not (recorded 2021-11).
        listed_at=_time(
            record, "original_creation_timestamp", "created_timestamp", "creation_timestamp", "creation_tsz"
        ),
        position=position,
        price_kind=PriceKind.FROM if record.get("has_variations") is True else PriceKind.PRICE,
        quantity=_count(record.get("quantity")),
        country=_text(_of(record.get("shop"), "shop_location_country_iso")),
        ends_at=_time(record, "ending_timestamp", "ending_tsz"),
        attributes=_attributes(record, kind),
    )


def kind_of(record: Mapping[str, Any], at: datetime) -> str | None:
    """Return ``vintage``, ``handmade``, ``supply`` or ``resale``; None where the record does not say who made it.

    Vintage is what somebody else made twenty or more years ago and is no craft supply.
    """
    who, when = record.get("who_made"), record.get("when_made")
    if record.get("is_supply") is True:
        return "supply"
    if who in {"i_did", "collective"}:
        return "handmade"
    if who != "someone_else" or not isinstance(when, str):
        return None
    year = latest_year(when)
    return "vintage" if year is not None and year <= at.year - VINTAGE_YEARS else "resale"


def latest_year(when_made: str) -> int | None:
    """Return the latest year that a ``when_made`` allows; None for made to order and what is not understood.

    The names move with the years (``2020_2024`` became ``2020_2025``), so they are read by pattern.
    """
    text = when_made.strip().lower()
    if match := re.fullmatch(r"before_(\d{4})", text):
        return int(match.group(1)) - 1
    if match := re.fullmatch(r"(\d{4})_(\d{4})", text):
        return int(match.group(2))
    if match := re.fullmatch(r"(\d{3})0s", text):
        decade = int(match.group(1)) * 10
        return decade + (99 if text in {"1700s", "1800s"} else 9)
    return None


def _price(record: Mapping[str, Any]) -> tuple[Decimal, str]:
    value = record.get("price")
    if isinstance(value, Mapping):
        amount, divisor, currency = value.get("amount"), value.get("divisor"), value.get("currency_code")
        if type(amount) is not int or type(divisor) is not int or divisor <= 0 or amount <= 0:
            raise RecordError(f"price: {str(amount)[:20]!r} by {str(divisor)[:20]!r} is no price")
        price = Decimal(amount) / Decimal(divisor)
    elif isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value) and Decimal(value) > 0:
        # API v2, shut down: recordings of it are still read.
        price, currency = Decimal(value), record.get("currency_code")
    else:
        raise RecordError("price: absent or not understood")
    if not isinstance(currency, str) or not re.fullmatch(r"[A-Za-z]{3}", currency):
        raise RecordError(f"price.currency_code: {str(currency)[:20]!r} is no currency")
    return price, currency.upper()


def _seller(record: Mapping[str, Any]) -> Seller | None:
    shop = record.get("shop_id") or record.get("user_id")
    if not isinstance(shop, int) or isinstance(shop, bool):
        return None
    return Seller(external_id=str(shop), login=_text(_of(record.get("shop"), "shop_name")))


def _images(record: Mapping[str, Any]) -> tuple[str, ...]:
    images = record.get("images") or record.get("Images")
    found = [one for one in images if isinstance(one, Mapping)] if isinstance(images, list) else []
    found.sort(key=lambda one: one["rank"] if isinstance(one.get("rank"), int) else 99)
    return tuple(url for one in found if (url := _text(one.get("url_570xN") or one.get("url_fullxfull"))))[:12]


def _attributes(record: Mapping[str, Any], kind: str | None) -> dict[str, str]:
    shop = record.get("shop")
    average, sold = _of(shop, "review_average"), _of(shop, "transaction_sold_count")
    tags, materials = record.get("tags"), record.get("materials")
    found = {
        "kind": kind,
        "era": _text(record.get("when_made")),
        "who_made": _text(record.get("who_made")),
        "listing_type": _text(record.get("listing_type")),
        "tags": _joined(tags),
        "materials": _joined(materials),
        "shop_reviews": f"{average:.2f}"
        if isinstance(average, (int, float)) and not isinstance(average, bool)
        else None,
        "shop_sold": str(sold) if isinstance(sold, int) and not isinstance(sold, bool) else None,
    }
    return {name: value for name, value in found.items() if value}


def _joined(words: Any) -> str | None:
    texts = [text for one in words if (text := _text(one))] if isinstance(words, list) else []
    return ", ".join(texts)[:300] or None


def _time(record: Mapping[str, Any], *names: str) -> datetime | None:
    for name in names:
        value = record.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**33:
            return datetime.fromtimestamp(value, UTC)
    return None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _text(value: Any) -> str | None:
    """Return a text with its HTML entities undone once: Etsy escapes what sellers typed."""
    return html.unescape(value).strip() or None if isinstance(value, str) else None
