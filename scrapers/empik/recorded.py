"""A recorded body (a file) as the Empik page it once was.

Belongs here: telling the address of bytes that came without it. Does not: reading them.
"""

from __future__ import annotations

from datetime import datetime

from selectolax.lexbor import LexborHTMLParser

from domain.page import RawPage
from scrapers.empik.addresses import REAL_BASE, SOURCE_NAME
from scrapers.page_values import attribute
from scrapers.recorded import gunzip, recorded, starts_like


def recorded_page(body: bytes, *, url: str | None = None, fetched_at: datetime) -> RawPage:
    """Return a recorded body as a page; never raises, whatever the bytes.

    Args:
        body: as recorded; gzip is undone.
        url: where it came from, if known; else told from the page's canonical link.
        fetched_at: when it was recorded, UTC.
    """
    plain = gunzip(body)
    address = url or (_address(plain) if starts_like(plain) == "html" else f"{REAL_BASE}/")
    return recorded(SOURCE_NAME, plain, url=address, fetched_at=fetched_at)


def _address(body: bytes) -> str:
    try:
        tree = LexborHTMLParser(body)
        found = attribute(tree, 'link[rel="canonical"]', "href") or attribute(
            tree, 'meta[property="og:url"]', "content"
        )
    except (ValueError, UnicodeError):
        found = None
    return found if found and found.startswith(f"{REAL_BASE}/") else f"{REAL_BASE}/"
