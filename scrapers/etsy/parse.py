"""Etsy's listings to ours.

Belongs here: one listing of a search or a batch answer. Does not: what an answer means (``reading``), what kind of
thing it is (``conditions``).

Kept of a shop are its id and name, its country, and how its listings are rated; nothing of the person behind it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.listing import Availability, Listing, Seller
from domain.money import MoneyError, parse_amount, parse_currency
from domain.page import RejectedRecord
from domain.price_kind import PriceKind
from scrapers.etsy.conditions import condition_of, kind_of
from scrapers.etsy.search_url import SOURCE_NAME
from scrapers.json_values import count_of, objects_of, part_of, record_bytes, text_of, unix_time_of, web_address_of

_MAX_IMAGES = 12
_MAX_JOINED = 300
_MAX_ID = 10**18
# Contract: "the divisor to render the amount"; anything but a power of ten would not divide exactly.
_DIVISORS = frozenset({1, 10, 100, 1_000, 10_000})
_STATES = {
    "active": Availability.AVAILABLE,
    "sold_out": Availability.SOLD,
    "inactive": Availability.GONE,
    "expired": Availability.GONE,
    # Of API v2.
    "removed": Availability.GONE,
    "edit": Availability.UNKNOWN,
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
            rejected.append(RejectedRecord(index=index, reason=str(error), record=record_bytes(record)))
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
    if type(number) is not int or not 0 < number < _MAX_ID:
        raise RecordError(f"listing_id: {str(number)[:40]!r} is no id")
    title = _text(record.get("title"))
    if title is None:
        raise RecordError("title: absent")
    price, currency = _price(record)
    kind = kind_of(record, at)
    shop = record.get("shop") or record.get("Shop")
    return Listing(
        source=SOURCE_NAME,
        external_id=str(number),
        url=_address(record, number),
        title=title,
        price=price,
        currency=currency,
        description=_text(record.get("description")),
        condition=condition_of(record, at),
        availability=_STATES.get(str(record.get("state")), Availability.UNKNOWN),
        image_urls=_images(record),
        seller=_seller(record, shop),
        favourite_count=count_of(record.get("num_favorers")),
        view_count=count_of(record.get("views")),
        # creation_timestamp moves when a listing is renewed; the original one does not (recorded 2021-11).
        listed_at=_time(
            record, "original_creation_timestamp", "original_creation_tsz", "created_timestamp", "creation_timestamp"
        ),
        position=position,
        price_kind=PriceKind.FROM if record.get("has_variations") is True else PriceKind.PRICE,
        quantity=count_of(record.get("quantity")),
        country=_country(part_of(shop, "shop_location_country_iso"))
        or _country(part_of(shop, "shipping_from_country_iso")),
        # When its four months are over; most are renewed then.
        ends_at=_time(record, "ending_timestamp", "ending_tsz"),
        attributes=_attributes(record, shop, kind),
    )


def _price(record: Mapping[str, Any]) -> tuple[Decimal, str]:
    value = record.get("price")
    try:
        if isinstance(value, Mapping):
            amount, divisor, currency = value.get("amount"), value.get("divisor"), value.get("currency_code")
            if type(amount) is not int or type(divisor) is not int or divisor not in _DIVISORS:
                raise RecordError(f"price: {str(amount)[:20]!r} by {str(divisor)[:20]!r} is no price")
            price = parse_amount(amount).scaleb(-len(str(divisor)) + 1)
        elif isinstance(value, str):
            # API v2, shut down: recordings of it are still read.
            price, currency = parse_amount(value), record.get("currency_code")
        else:
            raise RecordError("price: absent or not understood")
        if price <= 0:
            raise RecordError("price: nothing, which is no price")
        return price, parse_currency(currency)
    except MoneyError as error:
        raise RecordError(f"price: {error}") from error


def _address(record: Mapping[str, Any], number: int) -> str:
    # API v2 put where a caller came from behind the question mark.
    given = web_address_of(record.get("url"))
    return given.partition("?")[0] if given else f"https://www.etsy.com/listing/{number}"


def _seller(record: Mapping[str, Any], shop: Any) -> Seller | None:
    number = record.get("shop_id") or record.get("user_id")
    if type(number) is not int or not 0 < number < _MAX_ID:
        return None
    return Seller(external_id=str(number), login=_text(part_of(shop, "shop_name")))


def _country(value: Any) -> str | None:
    return value.upper() if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{2}", value) else None


def _images(record: Mapping[str, Any]) -> tuple[str, ...]:
    found = objects_of(record.get("images") or record.get("Images"))
    found.sort(key=lambda one: one["rank"] if type(one.get("rank")) is int else 99)
    addresses = (web_address_of(one.get("url_570xN")) or web_address_of(one.get("url_fullxfull")) for one in found)
    return tuple(address for address in addresses if address)[:_MAX_IMAGES]


def _attributes(record: Mapping[str, Any], shop: Any, kind: str | None) -> dict[str, str]:
    """Return short texts; ``rating``, ``reviews`` and ``orders`` are the shop's, and move by themselves."""
    average = part_of(shop, "review_average")
    reviews, orders = count_of(part_of(shop, "review_count")), count_of(part_of(shop, "transaction_sold_count"))
    found = {
        "kind": kind,
        "era": _text(record.get("when_made")),
        "who_made": _text(record.get("who_made")),
        "is_supply": "yes" if record.get("is_supply") is True else None,
        "listing_type": _text(record.get("listing_type")),
        "tags": _joined(record.get("tags")),
        "materials": _joined(record.get("materials")),
        "rating": f"{average:.2f}" if type(average) in {int, float} and 0 <= average <= 5 else None,
        "reviews": None if reviews is None else str(reviews),
        "orders": None if orders is None else str(orders),
    }
    return {name: value[:_MAX_JOINED] for name, value in found.items() if value}


def _joined(words: Any) -> str | None:
    texts = [text for one in words if (text := _text(one))] if isinstance(words, list) else []
    return ", ".join(texts)[:_MAX_JOINED] or None


def _time(record: Mapping[str, Any], *names: str) -> datetime | None:
    return next((moment for name in names if (moment := unix_time_of(record.get(name)))), None)


def _text(value: Any) -> str | None:
    """Return a text with its HTML entities undone once: Etsy escapes what sellers typed."""
    return text_of(html.unescape(value)) if isinstance(value, str) else None
