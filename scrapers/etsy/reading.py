"""A stored answer of the Open API into its meaning and its listings: pure, whatever the bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from domain.page import PageMeaning, PageReading, RawPage
from scrapers.etsy.parse import read_records
from scrapers.meaning import Judgement, meaning_of_refused_status, meaning_of_status, refusal

PARSER_VERSION = 1
# The search ends there, whatever `count` says: offset 12,001 is refused (Etsy/open-api#344).
MAX_OFFSET = 12_000
_CHANGED_FROM = 3


def read_page(page: RawPage) -> PageReading:
    """Read an answer of search or batch."""
    try:
        document: object = json.loads(page.body)
    except (ValueError, RecursionError):
        document = None
    status = page.status
    if isinstance(document, Mapping) and isinstance(document.get("body"), Mapping):
        # As some recordings keep a refusal: {"status": 429, "headers": {...}, "body": {...}}.
        status = document["status"] if isinstance(document.get("status"), int) else status
        document = document["body"]
    if isinstance(document, Mapping) and isinstance(document.get("error"), str):
        return refusal(_of_error(document["error"], status))
    by_status = meaning_of_status(status, page.body) or meaning_of_refused_status(status)
    if by_status is not None:
        return refusal(by_status)
    if isinstance(document, Mapping):
        return _of_listings(document, page)
    return PageReading(meaning=PageMeaning.CHANGED, detail=f"The answer ({status}) is no JSON object.")


def _of_listings(document: Mapping[str, Any], page: RawPage) -> PageReading:
    results = document.get("results")
    if results is None and "listing_id" in document:
        results = [document]
    if not isinstance(results, list):
        return PageReading(meaning=PageMeaning.CHANGED, detail="The answer has neither results nor a listing.")
    listings, rejected = read_records(results, page.fetched_at)
    if not listings and len(rejected) >= _CHANGED_FROM:
        detail = f"No record of {len(rejected)} could be read: {rejected[0].reason}"
        return PageReading(meaning=PageMeaning.CHANGED, detail=detail, rejected=rejected)
    count = document.get("count")
    total = count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None
    if not results:
        return PageReading(meaning=PageMeaning.EMPTY, detail="The search has no results.", total_entries=total)
    return PageReading(meaning=PageMeaning.OK, listings=listings, rejected=rejected, total_entries=total)


def _of_error(words: str, status: int) -> Judgement:
    said = words[:200]
    if status in {401, 403} or "x-api-key" in words or "Shared secret" in words:
        hint = "See PRICESCOPE_ETSY_KEYSTRING and _SHARED_SECRET; since 2026-02-09 both are needed."
        return Judgement(PageMeaning.UNAUTHORISED, f"Etsy does not accept the key: {said} {hint}")
    if status == 429 or "rate limit" in words:
        return Judgement(PageMeaning.THROTTLED, f"Etsy asks for less: {said}")
    if status in {404, 410}:
        return Judgement(PageMeaning.GONE, f"Etsy has no such thing any more: {said}")
    if "Offset" in words and "maximum" in words:
        return Judgement(PageMeaning.EMPTY, f"The end of what Etsy shows of a search: {said}")
    if status >= 500:
        return Judgement(PageMeaning.BLOCKED, f"Etsy's server failed ({status}): {said}")
    return Judgement(PageMeaning.CHANGED, f"Etsy does not understand the request ({status}): {said}")
