"""A stored Amazon page into its meaning and its records: pure, whatever the bytes.

Belongs here: choosing the parser by the body's structure. Does not: the parsers themselves, fetching.
"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from domain.page import PageMeaning, PageReading, RawPage
from scrapers.amazon import meaning
from scrapers.amazon.domains import DEFAULT_COUNTRY, SITES, SOURCE_NAME, Place, base_of, place_of
from scrapers.amazon.product_page import TITLE, read_product
from scrapers.amazon.search_page import read_tiles, tiles_of, total_entries, total_pages
from scrapers.amazon.search_url import asin_of
from scrapers.meaning import never_raising
from scrapers.page_values import (
    attribute,
    reading_of_product,
    reading_of_rows,
    with_gone_offer,
)
from scrapers.recorded import starts_like

PARSER_VERSION = 1
"""Raised with every change that reads a stored page differently; pages read by an older one can be read again."""

# A product page has its title and at least one of these; a news page about a product has only the first.
_PRODUCT_MARKS = (
    "#availability, #outOfStock, #desktop_buybox, #buybox, #cerberus-data-metrics, #olp_feature_div, #twister, "
    '#corePriceDisplay_desktop_feature_div, input[name="ASIN"]'
)


@never_raising
def read_page(page: RawPage) -> PageReading:
    """Tell a page's meaning and its records. Pure; never raises, whatever the bytes."""
    by_status = meaning.of_empty_or_short(page.status, page.body)
    if by_status is not None:
        return by_status
    reading = _read_html(page) if starts_like(page.body) == "html" else _read_other(page)
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
        return reading_of_product(page.body, lambda: read_product(tree, place, page.url))
    if tiles_of(tree):
        return reading_of_rows(
            *read_tiles(tree, place), noun="tiles", total_entries=total_entries(tree), total_pages=total_pages(tree)
        )
    asked_product = asin_of(page.url) is not None
    return meaning.of_page_without_content(tree, status=page.status, body=page.body, asked_product=asked_product)


def _place(url: str, tree: LexborHTMLParser) -> Place:
    canonical = attribute(tree, 'link[rel="canonical"]', "href") or ""
    return place_of(url) or place_of(canonical) or Place(SITES[DEFAULT_COUNTRY], base_of(DEFAULT_COUNTRY), "")
