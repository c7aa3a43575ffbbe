"""What one notification says, frozen into ``app.notifications.payload`` when it is decided.

Belongs here: the messages' fields and their way to JSON and back. Does not: how they look (``render``), who gets them.

A message holds all that its rendering needs, so that a repeat after a crash, or a delivery hours later, says the same.
Readers ignore fields they do not know and every field added later has a default: rows written by another version
of Pricescope still arrive.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from domain.condition import Condition
from domain.watch import RuleName

MAX_COMPARABLES = 5


class MessageError(ValueError):
    """A stored payload that is no message; says which field is wrong."""


class Comparable(msgspec.Struct, frozen=True, kw_only=True):
    """Another listing that the price was measured against; ``price`` is what its buyer pays, major units."""

    title: str
    price: Decimal
    currency: str
    url: str


class DealMessage(msgspec.Struct, frozen=True, kw_only=True, tag="deal", tag_field="kind"):
    """A listing offered for less than it should cost, with the proof.

    Attributes:
        price, fee, total: as listed, major units of ``currency``; shipping is never included. ``total`` is what the
            rules compared (price where the page gives no total).
        original_price: the seller's own price in ``original_currency``, where the site converted it.
        condition_label: the source's own words for the condition.
        listed_at: UTC, where the source says; else ``first_seen_at`` tells the age.
        judged_at: UTC, when the verdict fell.
        why: the verdicts' sentences, the deciding rule's first.
        expected, median, difference: major units of ``evidence_currency`` (the watch's; None: same as ``currency``).
        percent: 100 * difference / expected; sigma_below: spreads below expected.
        previous_total: payable price before a drop, in ``currency``; None for a new listing.
        comparables: nearest in price first; only the first five are shown.
        highlights: the watch's highlight words found in this listing.
        explain_command, hide_command: what to type for every number behind this, and to see no more of it.
    """

    watch_name: str
    source: str
    title: str
    url: str
    price: Decimal
    total: Decimal
    currency: str
    judged_at: datetime
    fee: Decimal | None = None
    original_price: Decimal | None = None
    original_currency: str | None = None
    image_url: str | None = None
    condition: Condition = Condition.UNKNOWN
    condition_label: str | None = None
    size: str | None = None
    brand: str | None = None
    seller_login: str | None = None
    seller_is_business: bool | None = None
    listed_at: datetime | None = None
    first_seen_at: datetime | None = None
    why: tuple[str, ...] = ()
    rule: RuleName | None = None
    evidence_currency: str | None = None
    expected: Decimal | None = None
    median: Decimal | None = None
    n: int = 0
    window_days: int | None = None
    percent: float | None = None
    difference: Decimal | None = None
    sigma_below: float | None = None
    previous_total: Decimal | None = None
    comparables: tuple[Comparable, ...] = ()
    highlights: tuple[str, ...] = ()
    explain_command: str | None = None
    hide_command: str | None = None
    dashboard_url: str | None = None


class ReportItem(msgspec.Struct, frozen=True, kw_only=True):
    """One listing of a first-run report; ``total`` is what the buyer pays, major units, shipping not included."""

    title: str
    url: str
    total: Decimal
    currency: str
    condition: Condition = Condition.UNKNOWN
    condition_label: str | None = None
    percent: float | None = None


class ReportMessage(msgspec.Struct, frozen=True, kw_only=True, tag="report", tag_field="kind"):
    """What a watch's first run found: one message instead of a flood.

    Attributes:
        indexed: listings read; under_limit: those that already meet a rule.
        items: the best of those, best first. judged_at: UTC.
    """

    watch_name: str
    source: str
    indexed: int
    under_limit: int
    judged_at: datetime
    watch_url: str | None = None
    items: tuple[ReportItem, ...] = ()
    dashboard_url: str | None = None


class PriceItem(msgspec.Struct, frozen=True, kw_only=True):
    """A product in a message about prices.

    Attributes:
        price: lowest payable price now as its source asks it, major units of ``currency``; None where none is known.
        why: a sentence with the numbers. percent: against what it was held against; negative is cheaper.
        url: of the cheapest offer.
    """

    sku: str
    name: str
    why: str
    price: Decimal | None = None
    currency: str | None = None
    percent: float | None = None
    source: str | None = None
    url: str | None = None


class PricesMessage(msgspec.Struct, frozen=True, kw_only=True, tag="prices", tag_field="kind"):
    """How prices of products moved, one message a look however many did.

    Attributes:
        moved: products and rules that have news; items: the biggest moves of those. judged_at: UTC.
    """

    moved: int
    judged_at: datetime
    items: tuple[PriceItem, ...] = ()
    dashboard_url: str | None = None


class TestMessage(msgspec.Struct, frozen=True, kw_only=True, tag="test", tag_field="kind"):
    """What ``pricescope notify test CHANNEL`` sends; ``sent_at`` is UTC."""

    channel: str
    sent_at: datetime
    dashboard_url: str | None = None


Message = DealMessage | ReportMessage | PricesMessage | TestMessage


def encode(message: Message) -> dict[str, object]:
    """Return the message as plain JSON values for a JSONB column: money as decimal strings, times as ISO 8601.

    Characters that PostgreSQL cannot hold in JSONB (NUL, lone surrogates) are replaced; marketplaces' titles have them.
    """
    payload: dict[str, object] = msgspec.to_builtins(message)
    return {name: _storable(value) for name, value in payload.items()}


def decode(payload: object) -> Message:
    """Read a message back from its JSON values.

    Raises:
        MessageError: when the payload is no message of this or a compatible version.
    """
    try:
        message: Message = msgspec.convert(payload, Message)
    except msgspec.ValidationError as error:
        raise MessageError(f"not a notification payload: {error}") from error
    return message


def _storable(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, (list, tuple)):
        return [_storable(part) for part in value]
    if isinstance(value, dict):
        return {key: _storable(part) for key, part in value.items()}
    return value
