"""A recorded body (a file) as the page it once was.

Belongs here: telling status, content type, site and address of bytes that came without them. Does not: reading them.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from selectolax.lexbor import LexborHTMLParser

from domain.page import RawPage
from scrapers.recorded import gunzip
from scrapers.vinted.domains import COUNTRY_OF_LANGUAGE, SITES, SOURCE_NAME, site_of_host, www_base

_ADDRESS = re.compile(rb"https?:(?:\\?/){2}(?:www\.)?vinted\.([a-z]{2,3}(?:\.[a-z]{2})?)(?=[\\/\"'?])")
_CANONICAL = 'link[rel="canonical"], meta[property="og:url"]'
_STATUS_OF_CODE = {100: 401, 104: 404, 106: 403}
_DEFAULT_URL = "https://www.vinted.fr/"


def recorded_page(body: bytes, *, url: str | None = None, fetched_at: datetime) -> RawPage:
    """Return a recorded body as a page; never raises, whatever the bytes.

    Args:
        body: as recorded; gzip is undone.
        url: where it came from, if known; else told from the page's own links, else the French homepage.
        fetched_at: when it was recorded, UTC.
    """
    plain = gunzip(body)
    start = plain[:1024].lstrip(b" \t\r\n\x0b\x0c\xef\xbb\xbf")[:1]
    is_json, is_html = start in {b"{", b"["}, start == b"<"
    return RawPage(
        source=SOURCE_NAME,
        url=url or (_url_of_html(plain) if is_html else _url_of_links(plain)),
        status=_status_of_json(plain) if is_json else 200,
        content_type="application/json" if is_json else "text/html" if is_html else "application/octet-stream",
        body=plain,
        fetched_at=fetched_at,
    )


def stated_time(body: bytes) -> datetime | None:
    """Return the server's time of a search answer (``pagination.time``, Unix seconds), UTC; None where it has none."""
    try:
        document = json.loads(gunzip(body))
        moment = document["pagination"]["time"]
        return datetime.fromtimestamp(moment, UTC) if type(moment) is int and moment > 0 else None
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError, OSError):
        return None


def _status_of_json(body: bytes) -> int:
    # Only refusals are short; a page of items is not parsed twice for its status.
    if len(body) > 4096:
        return 200
    try:
        loose = json.loads(body)
    except (ValueError, RecursionError):
        return 200
    code = loose.get("code") if isinstance(loose, dict) and "items" not in loose and "item" not in loose else None
    return _STATUS_OF_CODE.get(code, 200) if isinstance(code, int) else 200


def _url_of_links(body: bytes) -> str:
    for match in _ADDRESS.finditer(body):
        country = match.group(1).decode("ascii")
        if country in SITES:
            return f"{www_base(country)}/"
    return _DEFAULT_URL


def _url_of_html(body: bytes) -> str:
    try:
        tree = LexborHTMLParser(body)
        language = (tree.root.attributes.get("lang") or "") if tree.root else ""
        for node in tree.css(_CANONICAL):
            found = _vinted(node.attributes.get("href") or node.attributes.get("content"))
            if found:
                return found
        for script in tree.css('script[type="application/ld+json"]'):
            match = re.search(r'"url"\s*:\s*"(https?://www\.vinted\.[^"\\\s]{1,500})"', script.text(deep=True))
            found = _vinted(match.group(1)) if match else None
            if found:
                return found
        page_links = [node.attributes.get("href") or "" for node in tree.css('a[href^="/catalog?"]')]
    except (ValueError, UnicodeError):
        return _url_of_links(body)
    by_links = _url_of_links(body)
    country = COUNTRY_OF_LANGUAGE.get(language.lower().split("-")[0])
    base = www_base(country) if by_links == _DEFAULT_URL and country else by_links.rstrip("/")
    for link in page_links:
        if "page=" in link and len(link) < 2000:
            return base + re.sub(r"[?&]page=\d+", "", link)
    return f"{base}/"


def _vinted(address: str | None) -> str | None:
    if not address or len(address) > 2000:
        return None
    match = re.match(r"https?://([a-z.]+)(?:[/?]|$)", address)
    return address if match and site_of_host(match.group(1)) else None
