"""A stored page into its meaning and its listings: pure, whatever the bytes.

Belongs here: choosing the parser by the body's structure. Does not: the parsers themselves, fetching.
"""

from __future__ import annotations

import functools
import json
from typing import Any

import msgspec
from selectolax.lexbor import LexborHTMLParser

from domain.listing import Listing
from domain.page import PageMeaning, PageReading, RawPage, RejectedRecord
from scrapers.meaning import meaning_of_status, never_raising, refusal
from scrapers.recorded import starts_like
from scrapers.vinted.domains import Place, place_of
from scrapers.vinted.meaning import meaning_of_json, meaning_of_page_without_content
from scrapers.vinted.parse_html import product_blocks, read_product, read_rows, result_rows
from scrapers.vinted.parse_json import decode_search, read_decoded, read_items

PARSER_VERSION = 1
"""Raised with every change that reads a stored page differently; pages read by an older one can be read again."""

_BLANKS = b" \t\r\n\x0b\x0c\xef\xbb\xbf"
# Fewer records than this, all broken, may be bad luck; a whole page of them is a new page shape.
_CHANGED_FROM = 3


class _Envelope(msgspec.Struct):
    items: list[msgspec.Raw] | None = None
    item: msgspec.Raw = msgspec.Raw(b"")
    pagination: Any = None
    code: Any = None
    message_code: Any = None
    url: Any = None


_ENVELOPE_DECODER = msgspec.json.Decoder(_Envelope)


@never_raising
def read_page(page: RawPage) -> PageReading:
    """Tell a page's meaning and its listings. Pure; never raises, whatever the bytes."""
    by_status = meaning_of_status(page.status, page.body)
    if by_status is not None:
        return refusal(by_status)
    kind = starts_like(page.body)
    place = place_of(page.url)
    if kind == "json":
        return _read_json(page, place)
    if kind == "html":
        return _read_html(page, place)
    if page.status in {401, 403, 404, 410}:
        return refusal(meaning_of_json(page.status, None, None, None))
    what = "empty" if not page.body.strip() else "neither JSON nor HTML"
    return PageReading(meaning=PageMeaning.CHANGED, detail=f"The answer ({page.status}) is {what}.")


# ---------------------------------------------------------------- JSON


def _read_json(page: RawPage, place: Place) -> PageReading:
    body = page.body.lstrip(_BLANKS)
    search = decode_search(body)
    if search is not None:
        records = functools.cache(lambda: _records(body))
        return _search(read_decoded(search, place, records), search.pagination)
    envelope = _envelope(body)
    if envelope is None:
        return PageReading(meaning=PageMeaning.CHANGED, detail="The JSON is cut off, broken or not an object.")
    if envelope.items is not None:
        return _search(read_items(envelope.items, place), envelope.pagination)
    if bytes(envelope.item)[:1] == b"{":
        listings, rejected = read_items([envelope.item], place)
        return PageReading(meaning=PageMeaning.OK, listings=listings, rejected=rejected)
    return refusal(meaning_of_json(page.status, envelope.code, envelope.message_code, envelope.url))


def _records(body: bytes) -> list[msgspec.Raw]:
    envelope = _envelope(body)
    return (envelope.items if envelope else None) or []


def _search(records: tuple[tuple[Listing, ...], tuple[RejectedRecord, ...]], pagination: object) -> PageReading:
    listings, rejected = records
    pages_of = pagination if isinstance(pagination, dict) else {}
    entries, pages = _count(pages_of.get("total_entries")), _count(pages_of.get("total_pages"))
    if not listings and not rejected:
        return PageReading(
            meaning=PageMeaning.EMPTY, detail="The search has no results.", total_entries=entries, total_pages=pages
        )
    changed = not listings and len(rejected) >= _CHANGED_FROM
    return PageReading(
        meaning=PageMeaning.CHANGED if changed else PageMeaning.OK,
        detail=f"None of {len(rejected)} records could be read; the first: {rejected[0].reason}" if changed else "",
        listings=listings,
        rejected=rejected,
        total_entries=entries,
        total_pages=pages,
    )


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 2**31 else None


def _envelope(body: bytes) -> _Envelope | None:
    try:
        return _ENVELOPE_DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _envelope_leniently(body)


def _envelope_leniently(body: bytes) -> _Envelope | None:
    """Read what is not quite JSON (NaN, Infinity) or has unexpected fields, so that only the bad records are lost."""
    try:
        loose = json.loads(body)
        if not isinstance(loose, dict):
            return None
        items, item = loose.get("items"), loose.get("item")
        return _Envelope(
            items=[msgspec.Raw(json.dumps(one).encode()) for one in items] if isinstance(items, list) else None,
            item=msgspec.Raw(json.dumps(item).encode()) if isinstance(item, dict) else msgspec.Raw(b""),
            pagination=loose.get("pagination"),
            code=loose.get("code"),
            message_code=loose.get("message_code"),
            url=loose.get("url"),
        )
    except (ValueError, RecursionError):
        return None


# ---------------------------------------------------------------- HTML


def _read_html(page: RawPage, place: Place) -> PageReading:
    tree = LexborHTMLParser(page.body)
    is_item_page = place.path.startswith("/items/")
    rows = [] if is_item_page else result_rows(tree)
    if rows:
        listings, rejected = read_rows(rows, place)
        changed = not listings and len(rejected) >= _CHANGED_FROM
        return PageReading(
            meaning=PageMeaning.CHANGED if changed else PageMeaning.OK,
            detail=f"None of {len(rejected)} rows could be read; the first: {rejected[0].reason}" if changed else "",
            listings=listings,
            rejected=rejected,
        )
    blocks = product_blocks(tree)
    products = [block for block in blocks if block[1] is not None] or (blocks if is_item_page else [])
    if products:
        listings, rejected = read_product(products[0], place, page.url)
        return PageReading(meaning=PageMeaning.OK, listings=listings, rejected=rejected)
    return refusal(meaning_of_page_without_content(tree, status=page.status, body=page.body, is_item_page=is_item_page))
