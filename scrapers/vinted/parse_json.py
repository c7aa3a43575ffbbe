"""Vinted's JSON answers: search items of the new and the old services, and item details.

Belongs here: field names and their forms over the years. Does not: refusals (``meaning``), HTML (``parse_html``).

A page is decoded whole by type (one pass); where that fails each item is decoded on its own, by type, then leniently,
so that a field that does not matter cannot cost a listing, and a broken item cannot cost a page.

Forms met: ``price`` as object (2023-08, 2025-), as text beside ``currency`` (2023-07, 2023-10 to 2025, details of
2025-08); ``brand_title``, ``size_title``, ``status`` as fields (old) or only inside ``item_box``
(svc-catalogue, 2026-09); ``url`` absolute (old) or relative (new).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

import msgspec

from domain.condition import Condition
from domain.listing import Availability, Listing, Seller
from domain.page import RejectedRecord
from scrapers.vinted.conditions import condition_of
from scrapers.vinted.domains import SOURCE_NAME, Place
from scrapers.vinted.records import (
    CardLines,
    Label,
    RecordError,
    absolute_url,
    amount,
    currency,
    external_id,
    moment,
    optional_text,
    read_label,
    read_plain_second_line,
    read_second_line,
    reject,
    web_address,
)


class _Money(msgspec.Struct, gc=False):
    amount: str | int | None = None
    currency_code: str | None = None


class _HighResolution(msgspec.Struct, gc=False):
    timestamp: int | None = None


class _Photo(msgspec.Struct, gc=False):
    url: str | None = None
    full_size_url: str | None = None
    high_resolution: _HighResolution | None = None


class _User(msgspec.Struct, gc=False):
    id: int | str | None = None
    login: str | None = None
    business: bool | None = None


class _ItemBox(msgspec.Struct, gc=False):
    first_line: str | None = None
    second_line: str | None = None
    accessibility_label: str | None = None


class _Conversion(msgspec.Struct, gc=False):
    seller_price: str | int | None = None
    seller_currency: str | None = None


class _Brand(msgspec.Struct, gc=False):
    title: str | None = None


class _Item(msgspec.Struct, gc=False):
    id: int | str | None = None
    title: str | None = None
    price: _Money | str | int | None = None
    currency: str | None = None
    service_fee: _Money | str | int | None = None
    total_item_price: _Money | str | int | None = None
    conversion: _Conversion | None = None
    url: str | None = None
    path: str | None = None
    description: str | None = None
    brand_title: str | None = None
    brand_dto: _Brand | None = None
    size_title: str | None = None
    status: str | None = None
    status_id: int | str | None = None
    color1: str | None = None
    item_box: _ItemBox | None = None
    user: _User | None = None
    photo: _Photo | None = None
    photos: list[_Photo] | None = None
    favourite_count: int | None = None
    view_count: int | None = None
    is_reserved: bool | None = None
    is_closed: bool | None = None
    item_closing_action: str | None = None


_CORE = frozenset({"id", "title", "price", "currency", "service_fee", "total_item_price"})
_TYPES = {field.name: field.type for field in msgspec.structs.fields(_Item)}
_ITEM_DECODER = msgspec.json.Decoder(_Item)
_HAS_MONEY = frozenset({"price", "service_fee", "total_item_price"})


class SearchPage(msgspec.Struct, gc=False):
    """A search answer whose items all have the expected types."""

    items: list[_Item] | None = None
    pagination: Any = None


_PAGE_DECODER = msgspec.json.Decoder(SearchPage)
_FAILURES = (RecordError, ValueError, OverflowError, RecursionError)


def decode_search(body: bytes) -> SearchPage | None:
    """Decode a search answer in one pass; None where it is none, or an item does not have the expected types."""
    try:
        page = _PAGE_DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return None if page.items is None else page


def read_decoded(
    page: SearchPage, place: Place, records: Callable[[], list[msgspec.Raw]]
) -> tuple[tuple[Listing, ...], tuple[RejectedRecord, ...]]:
    """Read a decoded page's items in order; never raises.

    Args:
        place: the site the page came from; relative addresses are completed with it.
        records: gives each item's own JSON; asked only where an item is rejected.
    """
    listings: list[Listing] = []
    rejected: list[RejectedRecord] = []
    for index, item in enumerate(page.items or ()):
        try:
            listings.append(_listing(item, place, index + 1))
        except _FAILURES as error:
            rejected.append(reject(index, str(error) or type(error).__name__, bytes(records()[index])))
    return tuple(listings), tuple(rejected)


def read_items(records: list[msgspec.Raw], place: Place) -> tuple[tuple[Listing, ...], tuple[RejectedRecord, ...]]:
    """Read items one by one, in order; never raises.

    Args:
        records: each item's own JSON.
        place: the site the page came from; relative addresses are completed with it.
    """
    listings: list[Listing] = []
    rejected: list[RejectedRecord] = []
    for index, record in enumerate(records):
        try:
            listings.append(_listing(_decode(record), place, index + 1))
        except _FAILURES as error:
            rejected.append(reject(index, str(error) or type(error).__name__, bytes(record)))
    return tuple(listings), tuple(rejected)


# ---------------------------------------------------------------- decoding one item


def _decode(record: msgspec.Raw) -> _Item:
    try:
        return _ITEM_DECODER.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decode_leniently(bytes(record))


def _decode_leniently(record: bytes) -> _Item:
    """Keep every field that has its type; a wrong type matters only in the fields a price history rests on."""
    try:
        loose = json.loads(record, parse_float=Decimal, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise RecordError("not UTF-8") from error
    if not isinstance(loose, dict):
        raise RecordError(f"not an object but {type(loose).__name__}")
    item = _Item()
    for name, type_ in _TYPES.items():
        if name not in loose:
            continue
        if name in _HAS_MONEY:
            setattr(item, name, _loose_money(name, loose[name]))
            continue
        try:
            setattr(item, name, msgspec.convert(_without_surrogates(loose[name]), type_))
        except msgspec.ValidationError as error:
            if name in _CORE:
                raise RecordError(f"{name}: {error}") from error
    return item


def _no_constant(name: str) -> NoReturn:
    raise RecordError(f"holds {name}, which is not JSON")


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "ignore").decode()
    return value


def _loose_money(name: str, value: object) -> _Money | str | int | None:
    if isinstance(value, dict):
        code = value.get("currency_code")
        inner = value.get("amount")
        return _Money(amount=_amount_text(name, inner), currency_code=code if isinstance(code, str) else None)
    return _amount_text(name, value)


def _amount_text(name: str, value: object) -> str | int | None:
    if value is None:
        return None
    # A JSON number with decimals came through as an exact Decimal; true and false are refused here.
    return format(amount(value, name), "f")


# ---------------------------------------------------------------- one item


def _listing(item: _Item, place: Place, position: int) -> Listing:
    identity = external_id(item.id)
    title = optional_text(item.title)
    if title is None:
        raise RecordError("title: missing or blank")
    price, code = _price(item)
    fee = _other_amount(item.service_fee, item.currency, code, "service_fee")
    total = _other_amount(item.total_item_price, item.currency, code, "total_item_price")
    if total is None and fee is not None:
        total = price + fee
    brand, size, condition = _card(item, place, title)
    source_id = None if item.status_id is None else str(item.status_id)[:20]
    original, original_currency = (None, None) if item.conversion is None else _original(item.conversion)
    photos = item.photos or ([item.photo] if item.photo else [])
    return Listing(
        source=SOURCE_NAME,
        external_id=identity,
        url=_address(item.url or item.path, place, identity),
        title=title,
        price=price,
        currency=code,
        total_price=total,
        fee=fee,
        original_price=original,
        original_currency=original_currency,
        description=None if item.description is None else optional_text(item.description),
        brand=brand,
        size=size,
        color=None if item.color1 is None else optional_text(item.color1),
        condition=condition_of(condition, source_id),
        condition_label=condition,
        condition_source_id=source_id,
        availability=_availability(item),
        image_urls=_addresses(photos),
        seller=None if item.user is None else _seller(item.user),
        favourite_count=None if item.favourite_count is None else _count(item.favourite_count),
        view_count=None if item.view_count is None else _count(item.view_count),
        listed_at=_listed_at(item, photos),
        position=position,
    )


def _price(item: _Item) -> tuple[Decimal, str]:
    value = item.price
    if isinstance(value, _Money):
        if value.amount is None:
            raise RecordError("price: missing")
        return amount(value.amount, "price"), currency(value.currency_code or item.currency, "price.currency_code")
    if value is None:
        raise RecordError("price: missing")
    return amount(value, "price"), currency(item.currency, "currency")


def _other_amount(value: _Money | str | int | None, item_currency: str | None, code: str, field: str) -> Decimal | None:
    """Return a further amount of an item whose price is in the currency ``code``; None where there is none."""
    if value is None:
        return None
    if isinstance(value, _Money):
        if value.amount is None:
            return None
        sum_, own = amount(value.amount, field), value.currency_code or item_currency
        if own != code and currency(own, f"{field}.currency_code") != code:
            raise RecordError(f"{field}: in {currency(own, field)}, but the price is in {code}")
        return sum_
    sum_, own = amount(value, field), currency(item_currency, "currency")
    if own != code:
        raise RecordError(f"{field}: in {own}, but the price is in {code}")
    return sum_


def _address(given: str | None, place: Place, identity: str) -> str:
    if given and given[0] == "/" and given[1:2] != "/" and " " not in given and given.isascii() and given.isprintable():
        return place.www + given
    return absolute_url(given, base=place.www, fallback=f"{place.www}/items/{identity}")


def _addresses(photos: list[_Photo]) -> tuple[str, ...]:
    addresses = [web_address(photo.url or photo.full_size_url) for photo in photos]
    return tuple([address for address in addresses if address])


# Brand, size and condition, each None where the card does not say.
_Card = tuple[str | None, str | None, str | None]


def _card(item: _Item, place: Place, title: str) -> _Card:
    """Brand, size and condition from the fields of the old service, else from the card's lines of the new one."""
    brand = None if item.brand_title is None else optional_text(item.brand_title)
    if brand is None and item.brand_dto is not None:
        brand = optional_text(item.brand_dto.title)
    size = None if item.size_title is None else optional_text(item.size_title)
    condition = None if item.status is None else optional_text(item.status)
    box = item.item_box
    if box is None or (brand and size and condition):
        return brand, size, condition
    first = optional_text(box.first_line)
    second = optional_text(box.second_line)
    lines = read_plain_second_line(second)
    is_graded = condition_of(lines.condition, None) is not Condition.UNKNOWN
    if is_graded and first is not None and not is_same_text(first, title):
        return brand or first, size or lines.size, condition or lines.condition
    # Only a card that leaves something open needs its label; reading it costs more than all the rest.
    label = _label(box.accessibility_label, first, second, place)
    if label is not None:
        lines = CardLines(lines.size or label.size, lines.condition) if is_graded else read_second_line(second, label)
    brand = brand or brand_of_first_line(first, title, label.brand if label else None)
    return brand, size or lines.size, condition or lines.condition


def _label(label: str | None, first: str | None, second: str | None, place: Place) -> Label | None:
    text = optional_text(label)
    if text is None:
        return None
    parts = [part.strip() for part in (second or "").split("·")]
    return read_label(text, place.site.currency, (first or "", second or "", *parts))


def is_same_text(one: str, other: str) -> bool:
    """Tell whether two texts differ at most in case and spaces."""
    return one == other or one.casefold().split() == other.casefold().split()


def brand_of_first_line(first: str | None, title: str, labelled: str | None) -> str | None:
    """Return the brand that a card's first line shows; the line repeats the title where there is no brand."""
    if labelled is not None:
        return labelled
    if first is None or is_same_text(first, title):
        return None
    return first


def _original(conversion: _Conversion) -> tuple[Decimal | None, str | None]:
    """The seller's own price; None where the parts make no sense."""
    if conversion.seller_price is None:
        return None, None
    try:
        return amount(conversion.seller_price, "seller_price"), currency(conversion.seller_currency, "seller_currency")
    except RecordError:
        return None, None


def _availability(item: _Item) -> Availability:
    if item.is_closed or item.item_closing_action:
        return Availability.SOLD if item.item_closing_action == "sold" else Availability.GONE
    return Availability.RESERVED if item.is_reserved else Availability.AVAILABLE


def _seller(user: _User) -> Seller | None:
    try:
        identity = external_id(user.id, "user.id")
    except RecordError:
        return None
    return Seller(external_id=identity, login=optional_text(user.login), is_business=user.business)


def _count(value: int) -> int | None:
    return value if 0 <= value < 2**31 else None


def _listed_at(item: _Item, photos: list[_Photo]) -> datetime | None:
    # The upload time of the first picture: the only hint of age that the services give.
    first = item.photo or (photos[0] if photos else None)
    return moment(first.high_resolution.timestamp) if first and first.high_resolution else None
