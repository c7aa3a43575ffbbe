"""A stored Browse answer into its meaning and its listings: pure, whatever the bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from domain.page import PageMeaning, PageReading, RawPage
from scrapers.ebay.parse import read_records
from scrapers.meaning import Judgement, meaning_of_refused_status, meaning_of_status, refusal

PARSER_VERSION = 1
# Contract, x-response-codes of getItem: the item is no more, or not on this marketplace.
_GONE_ERRORS = frozenset({11001, 11004, 11006})
# 1001 invalid token, 1002 missing token, 1003 expired: copied by clients, no recording (facts, section 2).
_TOKEN_ERRORS = frozenset({1001, 1002, 1003, 1100})
_LIMIT_ERRORS = frozenset({2001})
# A few broken records are the records' fault; a whole page of them is a new page shape.
_CHANGED_FROM = 3


def read_page(page: RawPage) -> PageReading:
    """Read an answer of search, getItem, or the token endpoint (whose refusals are kept like any page)."""
    document = _json(page.body)
    if isinstance(document, Mapping):
        said = _refused(document, page.status)
        if said is not None:
            return refusal(said)
    by_status = meaning_of_status(page.status, page.body) or meaning_of_refused_status(page.status)
    if by_status is not None:
        return refusal(by_status)
    if not isinstance(document, Mapping):
        return PageReading(meaning=PageMeaning.CHANGED, detail=f"The answer ({page.status}) is no JSON object.")
    if "access_token" in document:
        return PageReading(meaning=PageMeaning.EMPTY, detail="A token answer: no listings in it.")
    return _listings(document)


def _listings(document: Mapping[str, Any]) -> PageReading:
    warnings = document.get("warnings")
    if isinstance(warnings, list) and warnings:
        words = "; ".join(str(one.get("message") or one) for one in warnings if isinstance(one, Mapping))[:300]
        return PageReading(
            meaning=PageMeaning.CHANGED,
            detail=f"eBay ignored a part of the search; its results are not the watch's: {words or 'no reason given'}",
        )
    if "itemId" in document:
        listings, rejected = read_records([document])
        return PageReading(meaning=PageMeaning.OK, listings=listings, rejected=rejected)
    items, total = document.get("itemSummaries"), document.get("total")
    total = total if isinstance(total, int) and not isinstance(total, bool) else None
    if items is None and total is not None:
        # The list is left out where the total is 0 (recorded) and beyond the last page.
        return PageReading(meaning=PageMeaning.EMPTY, detail="The search has no results.", total_entries=total)
    if not isinstance(items, list):
        return PageReading(meaning=PageMeaning.CHANGED, detail="The answer has neither itemSummaries nor total.")
    listings, rejected = read_records(items)
    if not listings and len(rejected) >= _CHANGED_FROM:
        detail = f"No record of {len(rejected)} could be read: {rejected[0].reason}"
        return PageReading(meaning=PageMeaning.CHANGED, detail=detail, rejected=rejected)
    limit = document.get("limit")
    pages = -(-min(total, 10_000) // limit) if total is not None and isinstance(limit, int) and limit > 0 else None
    meaning = PageMeaning.OK if items else PageMeaning.EMPTY
    return PageReading(meaning=meaning, listings=listings, rejected=rejected, total_entries=total, total_pages=pages)


def _refused(document: Mapping[str, Any], status: int) -> Judgement | None:  # noqa: PLR0911 - a case each
    if isinstance(document.get("error"), str):
        word = f"{document['error']}: {str(document.get('error_description') or '')[:120]}"
        return Judgement(
            PageMeaning.UNAUTHORISED,
            f"eBay does not accept the credentials ({word}). See PRICESCOPE_EBAY_CLIENT_ID and _SECRET.",
        )
    body = document.get("body")
    if isinstance(body, Mapping) and isinstance(body.get("error"), str):
        # As some recordings keep a refusal: {"status": 401, "body": {...}}.
        return _refused(body, status)
    errors = document.get("errors")
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], Mapping):
        return None
    number, words = errors[0].get("errorId"), str(errors[0].get("longMessage") or errors[0].get("message") or "")[:200]
    if number in _TOKEN_ERRORS or status == 401:
        return Judgement(PageMeaning.UNAUTHORISED, f"eBay does not accept the token ({number}: {words})")
    if number in _LIMIT_ERRORS or status == 429:
        return Judgement(PageMeaning.THROTTLED, f"The day's calls are used up ({number}: {words})")
    if number in _GONE_ERRORS or status in {404, 410}:
        return Judgement(PageMeaning.GONE, f"The item is gone ({number}: {words})")
    if status >= 500:
        return Judgement(PageMeaning.BLOCKED, f"eBay's server failed ({status}, {number}: {words})")
    return Judgement(PageMeaning.CHANGED, f"eBay does not understand the request ({number}: {words})")


def _json(body: bytes) -> object:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value
