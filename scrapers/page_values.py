"""What the readers of product pages share: texts, article numbers, schema.org words, recorded bytes, statuses.

Belongs here: small pure checks that are the same for every retailer. Does not: any site's markup, fetching.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from domain.condition import Condition
from domain.gtin import valid_gtin
from domain.listing import Availability, Listing, UnpricedOffer
from domain.page import PageMeaning, PageReading, RejectedRecord

MAX_RECORD_BYTES = 64 * 1024
_MAX_TEXT = 20_000
_BAD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
# Fewer records than this, all broken, may be bad luck; a whole page of them is a new shape.
_CHANGED_FROM = 3
_SCHEMA_AVAILABILITY = {
    "instock": Availability.AVAILABLE,
    "instoreonly": Availability.AVAILABLE,
    "onlineonly": Availability.AVAILABLE,
    "limitedavailability": Availability.AVAILABLE,
    "preorder": Availability.PREORDER,
    "presale": Availability.PREORDER,
    "backorder": Availability.BACKORDER,
    "madetoorder": Availability.BACKORDER,
    "outofstock": Availability.OUT_OF_STOCK,
    "soldout": Availability.OUT_OF_STOCK,
    "discontinued": Availability.DISCONTINUED,
    "reserved": Availability.RESERVED,
}
_SCHEMA_CONDITION = {
    "newcondition": Condition.NEW,
    "refurbishedcondition": Condition.LIKE_NEW,
    "usedcondition": Condition.GOOD,
    "damagedcondition": Condition.FOR_PARTS,
}


class RecordError(ValueError):
    """A record cannot become a listing; the message names the field and what is wrong with it."""


def tidy(text: str | None, limit: int = _MAX_TEXT) -> str | None:
    """Return a text on one line that a database can hold; None where nothing is left of it."""
    if not text:
        return None
    return " ".join(_INVISIBLE.sub("", _BAD.sub("", text)).split())[:limit] or None


def shown_text(node: LexborNode | None, limit: int = _MAX_TEXT) -> str | None:
    """Return what a reader sees of a node: its text without scripts and styles, on one line; None where nothing."""
    if node is None:
        return None
    parts = [
        piece.text(deep=False)
        for piece in node.traverse(include_text=True)
        if piece.tag == "-text" and (piece.parent is None or piece.parent.tag not in {"script", "style", "noscript"})
    ]
    return tidy(" ".join(parts), limit)


def first_text(tree: LexborHTMLParser | LexborNode, *selectors: str, limit: int = _MAX_TEXT) -> str | None:
    """Return the shown text of the first node, in the order of the selectors, that has one."""
    for selector in selectors:
        for node in tree.css(selector):
            text = shown_text(node, limit)
            if text:
                return text
    return None


def attribute(tree: LexborHTMLParser | LexborNode, selector: str, name: str) -> str | None:
    """Return the first non-empty value of an attribute among the nodes of a selector."""
    for node in tree.css(selector):
        value = tidy(node.attributes.get(name), 4000)
        if value:
            return value
    return None


def gtin(text: str | None) -> str | None:
    """Return the first valid EAN, UPC, ISBN-13 or GTIN-14 in a text (see ``domain.gtin``)."""
    for candidate in re.findall(r"[0-9][0-9-]{6,16}[0-9]", (text or "")[:2000]):
        found = valid_gtin(candidate)
        if found is not None:
            return found
    return None


def schema_availability(value: str | None) -> Availability:
    """Return what a schema.org word or address says, ``http://schema.org/InStock`` or ``InStock``."""
    word = re.sub(r"[^a-z]", "", (value or "").rstrip("/").rsplit("/", 1)[-1].lower())
    return _SCHEMA_AVAILABILITY.get(word, Availability.UNKNOWN)


def schema_condition(value: str | None) -> Condition:
    """Return what a schema.org item condition says; used things of unknown grade count as good."""
    word = re.sub(r"[^a-z]", "", (value or "").rstrip("/").rsplit("/", 1)[-1].lower())
    return _SCHEMA_CONDITION.get(word, Condition.UNKNOWN)


def web_addresses(values: Iterable[str | None], limit: int = 20) -> tuple[str, ...]:
    """Return the absolute http(s) addresses among values, each once, in order."""
    kept = dict.fromkeys(
        value for one in values if (value := tidy(one, 2000)) and value.startswith(("https://", "http://"))
    )
    return tuple(kept)[:limit]


def reject(index: int, reason: str, record: str | bytes) -> RejectedRecord:
    """Return a record for quarantine, its bytes cut to 64 KiB."""
    body = record.encode("utf-8", "replace") if isinstance(record, str) else record
    return RejectedRecord(index=index, reason=reason[:500], record=body[:MAX_RECORD_BYTES])


def with_gone_offer(reading: PageReading, source: str, external_id: str | None, url: str) -> PageReading:
    """Name the offer that a page says is gone, so that a listing known from before is no longer for sale."""
    if reading.meaning is not PageMeaning.GONE or external_id is None or reading.unpriced:
        return reading
    gone = UnpricedOffer(
        source=source,
        external_id=external_id,
        url=url.partition("#")[0],
        title=external_id,
        reason=reading.detail,
        availability=Availability.GONE,
    )
    return msgspec.structs.replace(reading, unpriced=(gone,))


def reading_of_cut_off(body: bytes) -> PageReading | None:
    """Judge a page that begins as a whole one and lacks its end: half a product is none; an excerpt is no such page."""
    if b"<html" not in body[:4096].lower() or b"</html>" in body[-65536:].lower():
        return None
    return PageReading(meaning=PageMeaning.CHANGED, detail="The page is cut off: its end is missing.")


def reading_of_product(body: bytes, read: Callable[[], Listing | UnpricedOffer]) -> PageReading:
    """Read a product's page with its parser: one listing, one offer without a price, or one record for quarantine."""
    cut_off = reading_of_cut_off(body)
    if cut_off is not None:
        return cut_off
    try:
        record = read()
    except RecordError as error:
        return PageReading(meaning=PageMeaning.OK, rejected=(reject(0, str(error), body),))
    if isinstance(record, UnpricedOffer):
        return PageReading(meaning=PageMeaning.OK, unpriced=(record,))
    return PageReading(meaning=PageMeaning.OK, listings=(record,))


def reading_of_rows(
    listings: Sequence[Listing],
    unpriced: Sequence[UnpricedOffer],
    rejected: Sequence[RejectedRecord],
    *,
    noun: str,
    total_entries: int | None = None,
    total_pages: int | None = None,
) -> PageReading:
    """Return what a list of offers is: where none of three rows or more can be read, it is a new layout."""
    is_changed = not listings and not unpriced and len(rejected) >= _CHANGED_FROM
    first = f"None of {len(rejected)} {noun} could be read; the first: {rejected[0].reason}" if is_changed else ""
    return PageReading(
        meaning=PageMeaning.CHANGED if is_changed else PageMeaning.OK,
        detail=first,
        listings=tuple(listings),
        unpriced=tuple(unpriced),
        rejected=tuple(rejected),
        total_entries=total_entries,
        total_pages=total_pages,
    )


def is_whole_html(body: bytes) -> bool:
    """Tell whether a page has its end; a page cut off on its way has not."""
    return b"</html>" in body[-4096:].lower()


def reading_of_status(site: str, status: int, body: bytes) -> PageReading | None:
    """Judge what the status alone decides: no answer, throttled, a server's own failure; else None."""
    if status == 0:
        words = body[:300].decode("utf-8", "replace").strip() or "no answer"
        return PageReading(meaning=PageMeaning.BLOCKED, detail=f"{site} gave no answer: {words}")
    if status == 429:
        return PageReading(meaning=PageMeaning.THROTTLED, detail=f"{site} answered 429: too many requests.")
    if status == 503:
        return PageReading(meaning=PageMeaning.THROTTLED, detail=f"{site} answered 503: not available for now.")
    if status >= 500:
        return PageReading(meaning=PageMeaning.BLOCKED, detail=f"{site}'s server failed with {status}.")
    return None


def reading_of_refusal(site: str, status: int) -> PageReading | None:
    """Judge a refusing status whose body said nothing better: 401, 403, 404, 410; else None."""
    if status == 401:
        return PageReading(meaning=PageMeaning.UNAUTHORISED, detail=f"{site} answered 401: it wants a login.")
    if status == 403:
        return PageReading(meaning=PageMeaning.BLOCKED, detail=f"{site} answered 403: it refuses us.")
    if status in {404, 410}:
        return PageReading(meaning=PageMeaning.GONE, detail=f"{site} answered {status}: the page is gone.")
    return None
