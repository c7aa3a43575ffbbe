"""A stored Empik page into its meaning and its records: pure, whatever the bytes.

Belongs here: telling walls and missing pages by structure, and choosing the parser. Does not: the parsers.

No refusal of Empik's was ever recorded: the marks are those of the walls that are sold to shops.
"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from domain.page import PageMeaning, PageReading, RawPage
from scrapers.empik.addresses import SOURCE_NAME, product_of
from scrapers.empik.product_page import is_product, read_product
from scrapers.empik.search_page import read_tiles, tiles_of
from scrapers.meaning import SMALL_PAGE_BYTES, is_challenge, never_raising
from scrapers.page_values import (
    is_whole_html,
    reading_of_product,
    reading_of_refusal,
    reading_of_rows,
    reading_of_status,
    with_gone_offer,
)
from scrapers.recorded import starts_like

PARSER_VERSION = 1
"""Raised with every change that reads a stored page differently; pages read by an older one can be read again."""

SITE = "Empik"
_SEARCH_MARKS = ".search-list, .search-content, .ta-search-results, .js-search-results"


@never_raising
def read_page(page: RawPage) -> PageReading:
    """Tell a page's meaning and its records. Pure; never raises, whatever the bytes."""
    return with_gone_offer(_judge(page), SOURCE_NAME, product_of(page.url), page.url)


def _judge(page: RawPage) -> PageReading:
    by_status = reading_of_status(SITE, page.status, page.body)
    if by_status is not None:
        return by_status
    if starts_like(page.body) != "html":
        what = "empty" if not page.body.strip() else "not HTML"
        refusal = reading_of_refusal(SITE, page.status)
        return refusal or PageReading(meaning=PageMeaning.CHANGED, detail=f"The answer ({page.status}) is {what}.")
    tree = LexborHTMLParser(page.body)
    if len(page.body) < SMALL_PAGE_BYTES and is_challenge(tree):
        detail = f"A bot wall's challenge page came instead of the page (status {page.status})."
        return PageReading(meaning=PageMeaning.BLOCKED, detail=detail)
    if page.status < 400 and is_product(tree, page.url):
        return reading_of_product(page.body, lambda: read_product(tree, page.url))
    if tiles_of(tree):
        return reading_of_rows(*read_tiles(tree, page.url), noun="tiles")
    return _without_content(tree, page)


def _without_content(tree: LexborHTMLParser, page: RawPage) -> PageReading:
    refusal = reading_of_refusal(SITE, page.status)
    if refusal is not None:
        return refusal
    if not is_whole_html(page.body):
        return PageReading(meaning=PageMeaning.CHANGED, detail="The page is cut off or is not a whole HTML page.")
    # Products that are linked but not read are a new layout, not a search without results.
    links = any(product_of(link.attributes.get("href") or "") for link in tree.css("a[href]"))
    if product_of(page.url) is None and tree.css_first(_SEARCH_MARKS) is not None and not links:
        return PageReading(meaning=PageMeaning.EMPTY, detail="The search has no results.")
    return PageReading(
        meaning=PageMeaning.CHANGED, detail="The page's structure is not known: no product, no search results."
    )
