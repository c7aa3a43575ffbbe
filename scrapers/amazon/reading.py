"""A stored Amazon page into its meaning and its records: pure, whatever the bytes.

Belongs here: choosing the parser by the body's structure. Does not: the parsers themselves, fetching.
"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from domain.listing import Listing, UnpricedOffer
from domain.page import PageMeaning, PageReading, RawPage
from scrapers.amazon import meaning
from scrapers.amazon.domains import DEFAULT_COUNTRY, SITES, SOURCE_NAME, Place, base_of, place_of
from scrapers.amazon.product_page import TITLE, read_product
from scrapers.amazon.search_page import read_tiles, tiles_of, total_entries, total_pages
from scrapers.amazon.search_url import asin_of
from scrapers.page_values import RecordError, attribute, first_character, reading_of_cut_off, reject, with_gone_offer

PARSER_VERSION = 1
"""Raised with every change that reads a stored page differently; pages read by an older one can be read again."""

# A product page has its title and at least one of these; a news page about a product has only the first.
_PRODUCT_MARKS = (
    "#availability, #outOfStock, #desktop_buybox, #buybox, #cerberus-data-metrics, #olp_feature_div, #twister, "
    '#corePriceDisplay_desktop_feature_div, input[name="ASIN"]'
)
_CHANGED_FROM = 3


def read_page(page: RawPage) -> PageReading:
    """Tell a page's meaning and its records. Pure; never raises, whatever the bytes."""
    try:
        return _read(page)
    except Exception as error:  # noqa: BLE001 - the contract: one bad page never fails a run; the owner sees why
        return PageReading(
            meaning=PageMeaning.CHANGED, detail=f"The parser failed on this page: {type(error).__name__}"
        )


def _read(page: RawPage) -> PageReading:
    by_status = meaning.of_empty_or_short(page.status, page.body)
    if by_status is not None:
        return by_status
    reading = _read_html(page) if first_character(page.body) == b"<" else _read_other(page)
    asked, place = asin_of(page.url), place_of(page.url)
    gone = f"{asked}@{place.site.country}" if asked and place else None
    return with_gone_offer(reading, SOURCE_NAME, gone, page.url)


def _read_other(page: RawPage) -> PageReading:
    if page.status in {401, 403, 404, 410, 503}:
        empty = LexborHTMLParser("<html></html>")
        return meaning.of_page_without_content(empty, status=page.status, body=page.body, asked_product=True)
    what = "empty" if not page.body.strip() else "not HTML"
    return PageReading(meaning=PageMeaning.CHANGED, detail=f"The answer ({page.status}) is {what}.")


def _read_html(page: RawPage) -> PageReading:
    tree = LexborHTMLParser(page.body)
    refusal = meaning.wall(tree, page.body, page.status)
    if refusal is not None:
        return refusal
    place = _place(page.url, tree)
    if tree.css_first(TITLE) is not None and tree.css_first(_PRODUCT_MARKS) is not None:
        return _product(tree, place, page)
    if tiles_of(tree):
        return _search(tree, place)
    asked_product = asin_of(page.url) is not None
    return meaning.of_page_without_content(tree, status=page.status, body=page.body, asked_product=asked_product)


def _place(url: str, tree: LexborHTMLParser) -> Place:
    canonical = attribute(tree, 'link[rel="canonical"]', "href") or ""
    return place_of(url) or place_of(canonical) or Place(SITES[DEFAULT_COUNTRY], base_of(DEFAULT_COUNTRY), "")


def _product(tree: LexborHTMLParser, place: Place, page: RawPage) -> PageReading:
    cut_off = reading_of_cut_off(page.body)
    if cut_off is not None:
        return cut_off
    try:
        record = read_product(tree, place, page.url)
    except RecordError as error:
        return PageReading(meaning=PageMeaning.OK, rejected=(reject(0, str(error), page.body),))
    if isinstance(record, UnpricedOffer):
        return PageReading(meaning=PageMeaning.OK, unpriced=(record,))
    return PageReading(meaning=PageMeaning.OK, listings=(record,))


def _search(tree: LexborHTMLParser, place: Place) -> PageReading:
    listings, unpriced, rejected = read_tiles(tree, place)
    # A whole page without a price or without a readable tile is a new layout, not a market without prices.
    unreadable: tuple[Listing | UnpricedOffer, ...] = (*listings, *unpriced)
    changed = not unreadable and len(rejected) >= _CHANGED_FROM
    return PageReading(
        meaning=PageMeaning.CHANGED if changed else PageMeaning.OK,
        detail=f"None of {len(rejected)} tiles could be read; the first: {rejected[0].reason}" if changed else "",
        listings=listings,
        unpriced=unpriced,
        rejected=rejected,
        total_entries=total_entries(tree),
        total_pages=total_pages(tree),
    )
