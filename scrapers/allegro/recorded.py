"""A recorded body (a file) as the Allegro page it once was.

Belongs here: telling status and address of bytes that came without them. Does not: reading them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from domain.page import RawPage
from scrapers.allegro.addresses import REAL_BASE, SOURCE_NAME
from scrapers.allegro.values import at, load_json
from scrapers.page_values import attribute
from scrapers.recorded import gunzip, recorded, starts_like

_CANONICAL = 'meta[property="og:url"], link[rel="canonical"]'


def recorded_page(body: bytes, *, url: str | None = None, fetched_at: datetime) -> RawPage:
    """Return a recorded body as a page; never raises, whatever the bytes.

    Args:
        body: as recorded; gzip is undone.
        url: where it came from, if known; else told from the page's own links.
        fetched_at: when it was recorded, UTC.
    """
    plain = gunzip(body)
    kind = starts_like(plain)
    return recorded(
        SOURCE_NAME,
        plain,
        url=url or (_address(plain) if kind == "html" else f"{REAL_BASE}/"),
        status=_status(plain) if kind == "json" else 200,
        fetched_at=fetched_at,
    )


def stated_time(body: bytes) -> datetime | None:
    """Return when an advertisement in a recorded list was shown (Unix milliseconds), UTC; None where none says it."""
    plain = gunzip(body)
    if starts_like(plain) != "json":
        return None
    elements: Any = at(load_json(plain), "__listing_StoreState", "items", "elements")
    for row in elements if isinstance(elements, list) else ():
        moment = at(row, "emissionTimestamp")
        if type(moment) is int and 10**12 < moment < 10**13:
            return datetime.fromtimestamp(moment // 1000, UTC)
    return None


def _status(body: bytes) -> int:
    # Only refusals are short; a list of offers is not parsed twice for its status.
    if len(body) > 8192:
        return 200
    document = load_json(body)
    first = at(document, 0)
    status = at(first, "http_status")
    if isinstance(status, int) and 400 <= status < 600:
        return status
    return 403 if isinstance(at(document, "errors"), list) else 200


def _address(body: bytes) -> str:
    try:
        found = attribute(LexborHTMLParser(body), _CANONICAL, "content")
        found = found or attribute(LexborHTMLParser(body), _CANONICAL, "href")
    except (ValueError, UnicodeError):
        found = None
    return found if found and found.startswith(f"{REAL_BASE}/") else f"{REAL_BASE}/"
