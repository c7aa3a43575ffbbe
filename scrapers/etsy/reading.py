"""A stored answer of the Open API into its meaning and its listings: pure, whatever the bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from domain.page import PageMeaning, PageReading, RawPage
from scrapers.etsy.parse import read_records
from scrapers.json_values import count_of, part_of
from scrapers.meaning import Judgement, meaning_of_refused_status, meaning_of_status, refusal
from scrapers.recorded import gunzip, starts_like

PARSER_VERSION = 1
# A few broken records are the records' fault; a whole page of them is a new page shape.
_CHANGED_FROM = 3


def read_page(page: RawPage) -> PageReading:
    """Read an answer of search, batch or single listing."""
    document, status = _unwrapped(_json(page.body), page.status)
    if isinstance(document, Mapping) and isinstance(document.get("error"), str):
        return refusal(_of_error(document["error"], status))
    by_status = meaning_of_status(status, page.body) or meaning_of_refused_status(status)
    if by_status is not None:
        return refusal(by_status)
    if isinstance(document, Mapping):
        return _of_listings(document, page.fetched_at)
    if starts_like(page.body) == "html":
        detail = f"The answer ({status}) is a web page in place of JSON: something stands before Etsy's API."
        return PageReading(meaning=PageMeaning.BLOCKED, detail=detail)
    return PageReading(meaning=PageMeaning.CHANGED, detail=f"The answer ({status}) is no JSON object.")


def said_at(body: bytes) -> datetime | None:
    """Return the time (UTC) in the ``Date`` header of a recording that kept its headers; None for any other body."""
    date = part_of(part_of(_json(gunzip(body)), "headers"), "Date")
    try:
        moment = parsedate_to_datetime(date) if isinstance(date, str) else None
        return None if moment is None or moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _unwrapped(document: object, status: int) -> tuple[object, int]:
    """Undo how some recordings keep a refusal: ``{"status": 429, "headers": {...}, "body": {...}}``."""
    body, said = part_of(document, "body"), part_of(document, "status")
    if not isinstance(body, Mapping):
        return document, status
    return body, said if type(said) is int else status


def _of_listings(document: Mapping[str, Any], fetched_at: datetime) -> PageReading:
    results = document.get("results")
    if results is None and "listing_id" in document:
        results = [document]
    if not isinstance(results, list):
        return PageReading(meaning=PageMeaning.CHANGED, detail="The answer has neither results nor a listing.")
    listings, rejected = read_records(results, fetched_at)
    if not listings and len(rejected) >= _CHANGED_FROM:
        detail = f"No record of {len(rejected)} could be read: {rejected[0].reason}"
        return PageReading(meaning=PageMeaning.CHANGED, detail=detail, rejected=rejected)
    total = count_of(document.get("count"))
    if not results:
        return PageReading(meaning=PageMeaning.EMPTY, detail="The search has no results.", total_entries=total)
    return PageReading(meaning=PageMeaning.OK, listings=listings, rejected=rejected, total_entries=total)


def _of_error(words: str, status: int) -> Judgement:
    said = words[:200]
    if status in {401, 403} or "x-api-key" in words or "Shared secret" in words:
        hint = "See PRICESCOPE_ETSY_KEYSTRING and _SHARED_SECRET; since 2026-02-09 both are needed."
        return Judgement(PageMeaning.UNAUTHORISED, f"Etsy does not accept the key: {said} {hint}")
    if status in {429, 503} or "rate limit" in words:
        return Judgement(PageMeaning.THROTTLED, f"Etsy asks for less ({status}): {said}")
    if status in {404, 410}:
        return Judgement(PageMeaning.GONE, f"Etsy has no such thing any more: {said}")
    if "Offset" in words and "maximum" in words:
        return Judgement(PageMeaning.EMPTY, f"The end of what Etsy shows of a search: {said}")
    if status >= 500:
        return Judgement(PageMeaning.BLOCKED, f"Etsy's server failed ({status}): {said}")
    return Judgement(PageMeaning.CHANGED, f"Etsy does not understand the request ({status}): {said}")


def _json(body: bytes) -> object:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value
