"""What a listing is once a page has been read that does not say everything: absent means unknown, never "no longer".

Belongs here: the rule for each field, pure. Does not: SQL (``staged``, ``newer``), the history's rows (``history``).

An item page of Vinted says neither total nor fee, seller, size or grade; its search service neither description nor
colour nor category. For each field that a page leaves out:

- ``description``, ``brand``, ``size``, ``color``, ``category``, ``listed_at``, ``image_urls``: the known one stays.
- condition (grade, words and id together): a coarser one never replaces a finer one. Finest is a grade in the source's
  own words, then a grade from schema.org's ``NewCondition``, then words that we do not know, then schema.org's other
  words, then nothing at all.
- ``sku``, ``gtin``, ``group_id``, ``country``, ``shipping_price``, ``ends_at``: the known one stays; of
  ``attributes`` each one that the page does not name. The kind of the price is never kept: it is this page's.
- ``original_price`` with its currency, ``list_price``: stay while price and currency are the same.
- ``total_price`` with its fee: stays while price and currency are the same; else by the source's fee rule; else, in
  the same currency, with the last known fee, which is never too low after the price fell. So a bare price is never
  compared with a total of the same listing.
- the seller stays as well; that one is kept in SQL, by its id.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

import msgspec

from domain.condition import Condition
from domain.fees import buyer_fee_minor
from domain.listing import Listing
from domain.money import from_minor, to_minor

TOTAL = "total_price"
_CONDITION = "condition"
_ORIGINAL = "original_price"
_LIST_PRICE = "list_price"
_ATTRIBUTES = "attributes"
_PLAIN = (
    "description",
    "brand",
    "size",
    "color",
    "category",
    "listed_at",
    "image_urls",
    "shipping_price",
    "sku",
    "gtin",
    "group_id",
    "country",
    "ends_at",
)
# https://schema.org/OfferItemCondition: new or used is all that it tells.
_SCHEMA_ORG = frozenset({"NewCondition", "UsedCondition", "RefurbishedCondition", "DamagedCondition"})


class Priced(msgspec.Struct, frozen=True):
    """An observation's price and total, in minor units of ``currency``; the total is None where nothing tells it."""

    price_minor: int
    total_minor: int | None
    currency: str


class Completed(msgspec.Struct, frozen=True):
    """A listing with what older pages said of it; ``carried`` names the fields that its newest page did not say."""

    listing: Listing
    carried: tuple[str, ...] = ()


def stated_total(listing: Listing) -> Decimal | None:
    """Return the total that a page states, also where it states price and fee only; None for a page that does not."""
    if listing.total_price is None and listing.fee is not None:
        return listing.price + listing.fee
    return listing.total_price


def minor_or_none(amount: Decimal | None, currency: str) -> int | None:
    """Return an amount that may be unknown in minor units."""
    return None if amount is None else to_minor(amount, currency)


def priced(listing: Listing) -> Priced:
    """Return price and total of a listing in minor units."""
    currency = listing.currency
    return Priced(to_minor(listing.price, currency), minor_or_none(listing.total_price, currency), currency)


def total_minor(source: str, price_minor: int, currency: str, before: Priced | None) -> int | None:
    """Return the total of an observation that does not state it, minor units.

    Args:
        source: tells the fee rule.
        price_minor: as observed, in ``currency``.
        currency: as observed.
        before: the listing's observation before this one.
    """
    before = before if before is not None and before.currency == currency and before.total_minor is not None else None
    if before is not None and before.price_minor == price_minor:
        return before.total_minor
    fee = buyer_fee_minor(source, currency, price_minor)
    if fee is None and before is not None and before.total_minor is not None:
        fee = before.total_minor - before.price_minor
    return None if fee is None else price_minor + fee


def complete(
    seen: Listing, known: Listing | None, before: Priced | None, *, only: Collection[str] | None = None
) -> Completed:
    """Complete what a listing's newest page shows.

    Args:
        seen: as the page shows it.
        known: as it was known until now; None for a new one.
        before: price and total of the observation before.
        only: keep these fields alone of the known listing, since the others were read from this very page.
    """
    kept: dict[str, Any] = {}
    carried = []
    if known is not None:
        for name, values in _left_out(seen, known).items():
            if only is None or name in only:
                kept |= values
                carried.append(name)
    total = stated_total(seen)
    if total is None:
        minor = total_minor(seen.source, to_minor(seen.price, seen.currency), seen.currency, before)
        if minor is not None:
            total = from_minor(minor, seen.currency)
            kept["fee"] = max(total - seen.price, Decimal(0))
            carried.append(TOTAL)
    if not kept and seen.total_price is not None:
        return Completed(seen)
    return Completed(msgspec.structs.replace(seen, total_price=total, **kept), tuple(sorted(carried)))


def fill(known: Completed, late: Listing, *, corrects: bool) -> Completed:
    """Fill what is still unknown of a listing from a page older than those that it was read from.

    Args:
        known: as it is known now.
        late: as the older page shows it. Where two such pages differ in a field that no newer one says, the page read
            first stands.
        corrects: the page is read again by a better parser: it replaces carried fields, which it may have told wrongly.
    """
    shown = known.listing
    if corrects:
        own = set(known.carried) - {TOTAL}
        blank = {name: _ABSENT[name] for name in own if name in _ABSENT and _says(late, name)}
        if _CONDITION in own and _fineness(late) >= _fineness(shown):
            blank |= {"condition": Condition.UNKNOWN, "condition_label": None, "condition_source_id": None}
        shown = msgspec.structs.replace(shown, **blank)
    found = _left_out(shown, late)
    values = {field: value for fields in found.values() for field, value in fields.items()}
    carried = tuple(sorted({*known.carried, *found}))
    return Completed(msgspec.structs.replace(shown, **values), carried)


def with_known_price(seen: Listing, known: Listing) -> Listing:
    """Return what a page shows with the price that was known before: what it asks cannot be meant."""
    return msgspec.structs.replace(
        seen,
        price=known.price,
        currency=known.currency,
        total_price=known.total_price,
        fee=known.fee,
        original_price=known.original_price,
        original_currency=known.original_currency,
        list_price=known.list_price,
    )


def with_total(known: Completed, priced: Priced) -> Completed:
    """Return a listing with another total, which its newest page did not state; with none where nothing tells it."""
    listing = known.listing
    if priced.total_minor is None:
        left = tuple(name for name in known.carried if name != TOTAL)
        return Completed(msgspec.structs.replace(listing, total_price=None, fee=None), left)
    total = from_minor(priced.total_minor, priced.currency)
    fee = max(total - listing.price, Decimal(0))
    return Completed(
        msgspec.structs.replace(listing, total_price=total, fee=fee), tuple(sorted({*known.carried, TOTAL}))
    )


def with_price(known: Completed, priced_now: Priced, seen: Listing | None) -> Completed:
    """Return a listing with the price of an older page, which is the newest to show one.

    Args:
        known: as it is shown now.
        priced_now: what it costs by that page.
        seen: as the page shows it, where the price is its own.
    """
    shown = known.listing
    if seen is not None and (to_minor(seen.price, seen.currency), seen.currency) != (
        priced_now.price_minor,
        priced_now.currency,
    ):
        seen = None
    if priced(shown) == priced_now and (seen is None or seen.price == shown.price):
        return known
    listing = msgspec.structs.replace(
        shown,
        price=from_minor(priced_now.price_minor, priced_now.currency) if seen is None else seen.price,
        currency=priced_now.currency,
        original_price=None if seen is None else seen.original_price,
        original_currency=None if seen is None else seen.original_currency,
        list_price=None if seen is None else seen.list_price,
    )
    told = with_total(Completed(listing, known.carried), priced_now)
    if seen is None or stated_total(seen) is None:
        return told
    return Completed(told.listing, tuple(name for name in told.carried if name != TOTAL))


_ABSENT: dict[str, Any] = {**dict.fromkeys(_PLAIN), "image_urls": ()}


def _says(listing: Listing, name: str) -> bool:
    return getattr(listing, name) not in {None, ()}


def _left_out(seen: Listing, known: Listing) -> dict[str, dict[str, Any]]:
    """Return by name what ``seen`` leaves out and ``known`` says; the total, which depends on time, is not among it."""
    found = {name: {name: getattr(known, name)} for name in _PLAIN if not _says(seen, name) and _says(known, name)}
    if _fineness(seen) < _fineness(known):
        found[_CONDITION] = {
            "condition": known.condition,
            "condition_label": known.condition_label,
            "condition_source_id": known.condition_source_id,
        }
    same_price = (seen.price, seen.currency) == (known.price, known.currency)
    if seen.original_price is None and known.original_price is not None and same_price:
        found[_ORIGINAL] = {"original_price": known.original_price, "original_currency": known.original_currency}
    if seen.list_price is None and known.list_price is not None and same_price:
        found[_LIST_PRICE] = {"list_price": known.list_price}
    if known.attributes and not seen.attributes.keys() >= known.attributes.keys():
        found[_ATTRIBUTES] = {"attributes": {**known.attributes, **seen.attributes}}
    return found


def _fineness(listing: Listing) -> int:
    if listing.condition_label in _SCHEMA_ORG:
        return 1 if listing.condition is Condition.UNKNOWN else 3
    if listing.condition is Condition.UNKNOWN:
        return 0 if listing.condition_label is None else 2
    return 4
