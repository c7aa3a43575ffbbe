"""A page as it was fetched, what it means, and what was read from it.

Belongs here: the values. Does not: telling a meaning (each source), storing (``warehouse.pages``).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from domain.listing import Listing, UnpricedOffer
from domain.lot import Lot


class PageMeaning(StrEnum):
    """What a page is, told by its structure. Status 200 proves nothing."""

    OK = "ok"
    EMPTY = "empty"
    GONE = "gone"
    BLOCKED = "blocked"
    UNAUTHORISED = "unauthorised"
    THROTTLED = "throttled"
    CHANGED = "changed"

    @property
    def is_refusal(self) -> bool:
        """True where the source refused us or cannot be understood, so that its circuit should count it."""
        return self in {
            PageMeaning.BLOCKED,
            PageMeaning.UNAUTHORISED,
            PageMeaning.THROTTLED,
            PageMeaning.CHANGED,
        }


class RawPage(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a marketplace, untouched.

    Attributes:
        body: bytes after content-decoding (gzip undone), otherwise as they came.
        fetched_at: UTC.
        watch_id: the watch the page was fetched for; None for imports without one.
        page_number: 1-based page of the search; None for item pages.
        duration_ms: request time; None for imports.
        retry_after_seconds: how long the source asked to be left alone, if it did; for the poll at hand, not stored.
    """

    source: str
    url: str
    status: int
    content_type: str
    body: bytes
    fetched_at: datetime
    watch_id: int | None = None
    page_number: int | None = None
    duration_ms: int | None = None
    retry_after_seconds: float | None = None


class RejectedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record of a page that could not become a Listing; kept in quarantine, never dropped.

    Attributes:
        index: 0-based place in the page.
        reason: what is wrong and with which field, for the owner to read.
        record: the record's own bytes (JSON or HTML), at most 64 KiB of them.
    """

    index: int
    reason: str
    record: bytes


class PageReading(msgspec.Struct, frozen=True, kw_only=True):
    """What a parser made of a page.

    Attributes:
        meaning: see PageMeaning.
        detail: one sentence for the owner where the meaning is not ``ok``.
        listings: in page order.
        rejected: records that failed, each with its reason.
            len(listings) + len(unpriced) + len(rejected) = records on the page.
        unpriced: records of things shown without a price; no listing, no rejection.
        lots: procurement lots on the page, beside the listings read from their items.
        total_entries, total_pages: what the page says of the whole search, if it does.
    """

    meaning: PageMeaning
    detail: str = ""
    listings: tuple[Listing, ...] = ()
    rejected: tuple[RejectedRecord, ...] = ()
    total_entries: int | None = None
    total_pages: int | None = None
    unpriced: tuple[UnpricedOffer, ...] = ()
    lots: tuple[Lot, ...] = ()
