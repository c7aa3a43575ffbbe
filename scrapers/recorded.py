"""A recorded body (a file's bytes) as the page it once was, as far as all sources are alike.

Belongs here: gzip, and telling JSON from HTML. Does not: what one marketplace's bodies say of their address or status.
"""

from __future__ import annotations

import zlib
from datetime import datetime

from domain.page import RawPage

_GZIP = b"\x1f\x8b"
_MAX_BODY = 50 * 1024 * 1024
_BLANKS = b" \t\r\n\x0b\x0c\xef\xbb\xbf"


def gunzip(body: bytes) -> bytes:
    """Undo gzip where there is any; broken gzip is returned as it is."""
    if not body.startswith(_GZIP):
        return body
    try:
        return zlib.decompressobj(wbits=31).decompress(body, _MAX_BODY)
    except zlib.error:
        return body


def starts_like(body: bytes) -> str:
    """Return ``json``, ``html`` or ``other`` by a body's first character that is no blank."""
    start = body[:4096].lstrip(_BLANKS)[:1]
    return "json" if start in {b"{", b"["} else "html" if start == b"<" else "other"


def recorded(source: str, body: bytes, *, url: str, status: int = 200, fetched_at: datetime) -> RawPage:
    """Return a recorded body, gzip or not, as a page of a source."""
    plain = gunzip(body)
    content_type = {"json": "application/json", "html": "text/html"}.get(starts_like(plain), "application/octet-stream")
    return RawPage(source=source, url=url, status=status, content_type=content_type, body=plain, fetched_at=fetched_at)
