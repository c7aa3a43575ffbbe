"""A stored Browse answer into its meaning and its listings: pure, whatever the bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from domain.page import PageMeaning, PageReading, RawPage
from scrapers.ebay.parse import read_records
from scrapers.json_values import count_of, objects_of, part_of
from scrapers.meaning import Judgement, meaning_of_refused_status, meaning_of_status, refusal
from scrapers.recorded import starts_like

PARSER_VERSION = 1
# Contract, x-response-codes of getItem: not found, or not available (for now, perhaps).
_GONE_ERRORS = frozenset({11001, 11002, 11004, 11008})
# The number is that of a group of variations; from eBay's pages on getItemByLegacyId, not in this contract's table.
_GROUP_ERRORS = frozenset({11006})
# Contract, getItem: said beside a good item (product data missing, seller away). Nothing of the question was ignored.
_HARMLESS_ON_ITEMS = frozenset({11502, 11508, 11509})
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
    if starts_like(page.body) == "html":
        detail = f"The answer ({page.status}) is a web page in place of JSON: something stands before eBay's API."
        return PageReading(meaning=PageMeaning.BLOCKED, detail=detail)
    if not isinstance(document, Mapping):
        return PageReading(meaning=PageMeaning.CHANGED, detail=f"The answer ({page.status}) is no JSON object.")
    if "access_token" in document:
        return PageReading(meaning=PageMeaning.EMPTY, detail="A token answer: no listings in it.")
    return _listings(document)


def _listings(document: Mapping[str, Any]) -> PageReading:
    is_item = "itemId" in document
    warnings = document.get("warnings")
    ignored = [
        one
        for one in (warnings if isinstance(warnings, list) else [])
        if not (is_item and _number(part_of(one, "errorId")) in _HARMLESS_ON_ITEMS)
    ]
    if ignored:
        words = "; ".join(str(part_of(one, "message") or one) for one in ignored)
        detail = f"eBay ignored a part of the search; its results are not the watch's: {words[:300]}"
        return PageReading(meaning=PageMeaning.CHANGED, detail=detail)
    if is_item:
        listings, rejected = read_records([document])
        return PageReading(meaning=PageMeaning.OK, listings=listings, rejected=rejected)
    items, total = document.get("itemSummaries"), document.get("total")
    total = count_of(total)
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


def _refused(document: Mapping[str, Any], status: int) -> Judgement | None:
    body, said = document.get("body"), document.get("status")
    if isinstance(body, Mapping) and "errors" not in document:
        # As some recordings keep a refusal: {"status": 401, "body": {...}}.
        return _refused(body, said if type(said) is int else status)
    if isinstance(document.get("error"), str):
        words = f"{document['error']}: {str(document.get('error_description') or '')[:120]}"
        return _of_status(status, words) or Judgement(
            PageMeaning.UNAUTHORISED,
            f"eBay does not accept the credentials ({words}). See PRICESCOPE_EBAY_CLIENT_ID and _SECRET.",
        )
    errors = objects_of(document.get("errors"))
    return _of_error(errors[0], status) if errors else None


def _of_error(error: Mapping[str, Any], status: int) -> Judgement:
    number = _number(error.get("errorId"))
    words = f"{number}: {str(error.get('longMessage') or error.get('message') or '')[:200]}"
    if number in _TOKEN_ERRORS or status == 401:
        return Judgement(PageMeaning.UNAUTHORISED, f"eBay does not accept the token ({words})")
    if number in _LIMIT_ERRORS:
        return Judgement(PageMeaning.THROTTLED, f"The day's calls are used up ({words})")
    if number in _GROUP_ERRORS:
        hint = "give the address of one of them, with ?var=<number>"
        return Judgement(PageMeaning.EMPTY, f"The listing has variations: {hint} ({words})")
    if number in _GONE_ERRORS or status in {404, 410}:
        return Judgement(PageMeaning.GONE, f"The item is gone ({words})")
    return _of_status(status, words) or Judgement(
        PageMeaning.CHANGED, f"eBay does not understand the request ({words})"
    )


def _of_status(status: int, words: str) -> Judgement | None:
    if status in {429, 503}:
        return Judgement(PageMeaning.THROTTLED, f"eBay asks for less ({status}, {words})")
    if status >= 500:
        return Judgement(PageMeaning.BLOCKED, f"eBay's server failed ({status}, {words})")
    return None


def _number(value: Any) -> int | None:
    return value if type(value) is int else None


def _json(body: bytes) -> object:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value
