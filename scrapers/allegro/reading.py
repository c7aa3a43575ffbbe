"""A stored Allegro page into its meaning and its records: pure, whatever the bytes.

Belongs here: telling walls, ended offers and errors by structure, and choosing the parser. Does not: the parsers.

Walls (captures of 2025-12): a page of about one kilobyte whose marks are ``captcha-delivery.com`` and ``var dd={...}``,
at 403 or 200; ``rt:'c'`` is a captcha, ``rt:'i'`` a device check.
"""

from __future__ import annotations

import re
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from domain.page import PageMeaning, PageReading, RawPage
from scrapers.allegro import offer_lists, offer_page
from scrapers.allegro.addresses import SOURCE_NAME, asked_offer, base_of, is_offer_page, is_other_offer, offer_of
from scrapers.allegro.values import at, load_json, text_at
from scrapers.meaning import SMALL_PAGE_BYTES, never_raising
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

SITE = "Allegro"
_WALL = 'script[src*="captcha-delivery.com"], iframe[src*="captcha-delivery.com"], p#cmsg'
_WALL_OBJECT = re.compile(r"\s*var\s+dd\s*=\s*\{\s*['\"]rt['\"]\s*:\s*['\"](\w+)")
_UNAUTHORISED = frozenset({"VerificationRequired", "unauthorized", "invalid_token", "Unauthorized", "InvalidToken"})


@never_raising
def read_page(page: RawPage) -> PageReading:
    """Tell a page's meaning and its records. Pure; never raises, whatever the bytes."""
    return with_gone_offer(_judge(page), SOURCE_NAME, asked_offer(page.url), page.url)


def _judge(page: RawPage) -> PageReading:
    by_status = reading_of_status(SITE, page.status, page.body)
    if by_status is not None:
        return by_status
    kind = starts_like(page.body)
    if kind == "json":
        return _read_json(page)
    if kind == "html":
        return _read_html(page)
    refusal = reading_of_refusal(SITE, page.status)
    what = "empty" if not page.body.strip() else "neither JSON nor HTML"
    return refusal or PageReading(meaning=PageMeaning.CHANGED, detail=f"The answer ({page.status}) is {what}.")


# ---------------------------------------------------------------- HTML


def _read_html(page: RawPage) -> PageReading:
    tree = LexborHTMLParser(page.body)
    if len(page.body) < SMALL_PAGE_BYTES:
        kind = _wall(tree)
        if kind:
            detail = f"A bot wall (DataDome, {kind}) came instead of the page (status {page.status})."
            return PageReading(meaning=PageMeaning.BLOCKED, detail=detail)
    shown = offer_page.open_page(tree)
    if offer_page.is_offer_page(shown):
        return _offer(shown, page)
    for box in shown.boxes:
        rows = offer_lists.read_state(box.get(offer_lists.STATE), base_of(page.url))
        if rows is not None:
            return _list(rows)
    return _without_content(page)


def _wall(tree: LexborHTMLParser) -> str:
    for script in tree.css("script:not([src])"):
        match = _WALL_OBJECT.match(script.text(deep=True))
        if match:
            return {"c": "captcha", "i": "device check"}.get(match.group(1), "challenge")
    return "challenge" if tree.css_first(_WALL) is not None else ""


def _offer(shown: offer_page.OfferPage, page: RawPage) -> PageReading:
    asked, found = offer_of(page.url), offer_page.offer_id(shown)
    if is_other_offer(page.url) or (asked is not None and found is not None and asked != found):
        return PageReading(
            meaning=PageMeaning.GONE,
            detail="The offer has ended: Allegro shows another seller's offer of the same product in its place.",
        )
    return reading_of_product(page.body, lambda: offer_page.read_offer(shown, page.url))


def _without_content(page: RawPage) -> PageReading:
    refusal = reading_of_refusal(SITE, page.status)
    if refusal is not None:
        return refusal
    if not is_whole_html(page.body):
        return PageReading(meaning=PageMeaning.CHANGED, detail="The page is cut off or is not a whole HTML page.")
    if offer_of(page.url) is not None and not is_offer_page(page.url):
        return PageReading(meaning=PageMeaning.GONE, detail="The offer's address leads elsewhere: the offer is gone.")
    return PageReading(
        meaning=PageMeaning.CHANGED, detail="The page's structure is not known: no offer, no list of offers."
    )


# ---------------------------------------------------------------- JSON


def _read_json(page: RawPage) -> PageReading:
    document = load_json(page.body.lstrip(b"\xef\xbb\xbf \t\r\n"))
    if isinstance(document, list):
        # Reported error bodies are kept as a list of answers.
        document = at(document, 0, "body")
    refusal = _refusal_in_json(document, page.status)
    if refusal is not None:
        return refusal
    base = base_of(page.url)
    rows = (
        offer_lists.read_state(at(document, offer_lists.STATE), base)
        or offer_lists.read_rest(document, base)
        or offer_lists.read_normalised(document, base)
    )
    if rows is not None:
        return _list(rows)
    by_status = reading_of_refusal(SITE, page.status)
    words = "is cut off or broken" if document is None else "has an unknown form"
    return by_status or PageReading(meaning=PageMeaning.CHANGED, detail=f"The JSON {words}: no list of offers.")


def _refusal_in_json(document: Any, status: int) -> PageReading | None:
    if "captcha-delivery.com" in (text_at(document, "url") or ""):
        return PageReading(meaning=PageMeaning.BLOCKED, detail="A bot wall answered (JSON with a captcha address).")
    code = text_at(document, "errors", 0, "code") or (text_at(document, "error") if status in {401, 403} else None)
    if code is None:
        return None
    if code in _UNAUTHORISED or status == 401:
        detail = f"Allegro's service answered {code[:60]}: this search is open to verified applications only."
        return PageReading(meaning=PageMeaning.UNAUTHORISED, detail=detail)
    return PageReading(meaning=PageMeaning.BLOCKED, detail=f"Allegro's service refuses us: {code[:60]}.")


def _list(rows: offer_lists.OfferRows) -> PageReading:
    count = len(rows.listings) + len(rows.unpriced)
    if not count and not rows.rejected:
        return PageReading(
            meaning=PageMeaning.EMPTY, detail="The list has no offers.", total_entries=rows.total_entries
        )
    return reading_of_rows(
        rows.listings,
        rows.unpriced,
        rows.rejected,
        noun="rows",
        total_entries=rows.total_entries,
        total_pages=rows.total_pages,
    )
