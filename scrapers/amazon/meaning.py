"""What an Amazon answer is where it is neither a product nor a search, told by its structure.

Belongs here: the marks of walls and of missing pages. Does not: reading prices.

Walls seen: "Robot Check" with an image captcha (status 200, 2020), the "continue shopping" button (2025), both with a
form to /errors/validateCaptcha; 503 with the page of the dogs for clients that name themselves; an AWS WAF page with an
empty title and ``gokuProps``. Links of the dogs' page of 503 carry ``cs_503``; a
product that is gone has the dogs without it, with 404 or 200 (public client code, unverified).
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from domain.page import PageMeaning, PageReading
from scrapers.meaning import SMALL_PAGE_BYTES
from scrapers.page_values import is_whole_html, reading_of_refusal, reading_of_status

SITE = "Amazon"
_CAPTCHA = 'form[action*="/errors/validateCaptcha"], input#captchacharacters'
_WAF = re.compile(rb"window\.gokuProps|gokuProps\s*=|token\.awswaf\.com|AwsWafIntegration|awsWafCookieDomainList")
_DOGS_503 = 'a[href*="cs_503"], img[src*="503.png"], img[src*="500-title"]'
# The dogs stand on both pages; that of 503 is told before.
_DOGS_404 = 'a[href*="cs_404"], a[href*="dogsofamazon"]'
_LOGIN = 'form[name="signIn"], input#ap_email, input#ap_password'
_NO_RESULTS = '[data-component-type="s-search-results"], #noResultsTitle'
# Products that are linked but not read are a new layout, not a search without results.
_UNREAD_RESULTS = '[data-component-type="s-search-results"] h2 a[href*="/dp/"]'


def wall(tree: LexborHTMLParser, body: bytes, status: int) -> PageReading | None:
    """Return a refusal where the page is a wall, whatever its status; else None."""
    if tree.css_first(_CAPTCHA) is not None:
        return _blocked(f"Amazon asks for a person: a captcha or a button came instead of the page (status {status}).")
    small = len(body) < SMALL_PAGE_BYTES
    if small and _WAF.search(body):
        return _blocked(f"Amazon's firewall (AWS WAF) sent its challenge instead of the page (status {status}).")
    if small and tree.css_first(_DOGS_503) is not None:
        return _blocked(f"Amazon refuses us with its error page (status {status}).")
    if small and tree.css_first(_LOGIN) is not None:
        return _blocked("A login page came instead of the page.")
    return None


def of_empty_or_short(status: int, body: bytes) -> PageReading | None:
    """Judge an answer before any markup is looked at: no answer, too fast, or the firewall's empty 202."""
    if status == 202:
        return _blocked("Amazon's firewall answered 202 without the page: it wants a script to be run.")
    return None if status == 503 else reading_of_status(SITE, status, body)


def of_page_without_content(tree: LexborHTMLParser, *, status: int, body: bytes, asked_product: bool) -> PageReading:
    """Judge an HTML page on which neither a product nor search results were found."""
    if status == 503:
        return _blocked("Amazon answered 503, as it does to visitors whom it takes for automated ones.")
    refusal = reading_of_refusal(SITE, status)
    if refusal is not None:
        return refusal
    if len(body) < SMALL_PAGE_BYTES and tree.css_first(_DOGS_404) is not None:
        return PageReading(meaning=PageMeaning.GONE, detail="Amazon has no such page: the product is gone.")
    if not is_whole_html(body):
        return PageReading(meaning=PageMeaning.CHANGED, detail="The page is cut off or is not a whole HTML page.")
    is_unread = tree.css_first(_UNREAD_RESULTS) is not None
    if not asked_product and not is_unread and tree.css_first(_NO_RESULTS) is not None:
        return PageReading(meaning=PageMeaning.EMPTY, detail="The search has no results.")
    return _of_unknown_page(tree, body)


def _of_unknown_page(tree: LexborHTMLParser, body: bytes) -> PageReading:
    title = tree.css_first("title")
    if len(body) < 16 * 1024 and (title is None or not title.text(strip=True)) and tree.css_first("script") is not None:
        return _blocked("An empty shell of a page came, with scripts and no content.")
    return PageReading(
        meaning=PageMeaning.CHANGED, detail="The page's structure is not known: no product title, no search results."
    )


def _blocked(detail: str) -> PageReading:
    return PageReading(meaning=PageMeaning.BLOCKED, detail=detail)
