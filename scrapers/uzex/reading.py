"""A stored answer into its meaning, its lots and its listings: pure, whatever the bytes.

Belongs here: choosing the parser by what was asked and by the body's structure. Does not: the parsers, fetching.
"""

from __future__ import annotations

from domain.listing import Listing
from domain.page import PageMeaning, PageReading, RawPage
from scrapers.meaning import never_raising
from scrapers.uzex.asked import Asked, read_stored_url
from scrapers.uzex.meaning import refusal
from scrapers.uzex.parse_items import card_items, read_items
from scrapers.uzex.parse_rows import RowsRead, paging, read_rows
from scrapers.uzex.values import fold, loads

PARSER_VERSION = 1
"""Raised with every change that reads a stored page differently; pages read by an older one can be read again."""

# Fewer records than this, all broken, may be bad luck; a whole page of them is a new shape.
_CHANGED_FROM = 3
_DICTIONARY_KEYS = {"id", "name"}


@never_raising
def read_page(page: RawPage) -> PageReading:
    """Tell an answer's meaning, its lots and its listings. Pure; never raises, whatever the bytes."""
    asked = read_stored_url(page.url)
    document: object = None
    if page.status == 200:
        try:
            document = loads(page.body)
        except ValueError:
            document = None
    if document is None and page.status != 204:
        return refusal(page.status, page.body, is_list=asked.lot is None)
    if asked.lot is not None or _are_items(document):
        return _read_detail(document, page, asked)
    return _read_list(document, page, asked)


def _read_list(document: object, page: RawPage, asked: Asked) -> PageReading:
    if not document:
        return PageReading(meaning=PageMeaning.EMPTY, detail="There are no lots in these rows.")
    if not isinstance(document, list):
        return refusal(page.status, page.body)
    if all(isinstance(row, dict) and set(row) <= _DICTIONARY_KEYS for row in document):
        return PageReading(meaning=PageMeaning.OK, detail="A dictionary of categories or regions: no lots.")
    if asked.lot_type is None:
        detail = "The address does not say which list this is; give the one it came from."
        return PageReading(meaning=PageMeaning.CHANGED, detail=detail)
    return _reading(read_rows(document, asked), asked, total=paging(document)[1])


def _read_detail(document: object, page: RawPage, asked: Asked) -> PageReading:
    if isinstance(document, list) and len(document) == 1 and isinstance(document[0], dict):
        document = document[0] if card_items(document[0]) is not None else document
    card = document if isinstance(document, dict) else None
    items = card_items(card) if card is not None else document
    if not isinstance(items, list):
        return refusal(page.status, page.body, is_list=False)
    if not items:
        return PageReading(meaning=PageMeaning.EMPTY, detail="The lot has no positions.")
    return _reading(read_items(items, asked, card), asked, total=None)


def _reading(read: RowsRead, asked: Asked, *, total: int | None) -> PageReading:
    useless = not read.listings and not read.unpriced
    is_nothing = useless and (not read.lots or (asked.lot is not None and not any(lot.items for lot in read.lots)))
    if is_nothing and len(read.rejected) >= _CHANGED_FROM:
        first = read.rejected[0].reason
        return PageReading(
            meaning=PageMeaning.CHANGED,
            detail=f"None of {len(read.rejected)} records could be read; the first: {first}",
            rejected=read.rejected,
            total_entries=total,
        )
    wanted = asked.search_text
    listings = read.listings if not wanted else tuple(one for one in read.listings if is_about(one, wanted))
    unpriced = read.unpriced if not wanted else tuple(one for one in read.unpriced if _has(wanted, one.title))
    is_unnamed = bool(read.listings) and not read.lots
    return PageReading(
        meaning=PageMeaning.OK,
        detail="These are positions of a lot that is not named; give the address they came from." if is_unnamed else "",
        listings=listings,
        rejected=read.rejected,
        unpriced=unpriced,
        lots=read.lots,
        total_entries=total,
    )


def is_about(listing: Listing, search_text: str) -> bool:
    """Tell whether title, description or category hold every word of a search text; case and accents do not matter."""
    return _has(search_text, listing.title, listing.description, listing.category)


def _has(search_text: str, *texts: str | None) -> bool:
    held = fold(" ".join(one for one in texts if one))
    return all(word in held for word in fold(search_text).split())


def _are_items(document: object) -> bool:
    return (
        isinstance(document, list)
        and bool(document)
        and all(isinstance(one, dict) and "order_num" in one and "price" in one for one in document)
    )
