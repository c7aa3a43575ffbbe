"""A product's address in one form, and the id made of it."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from scrapers.contract import SearchUrlError

# Tell where a visitor came from, never which product or variant.
_TRACKING = re.compile(
    r"utm_.*|gclid|gbraid|wbraid|fbclid|msclkid|dclid|yclid|ysclid|mc_[ce]id|_ga|_gl|ref|ref_|referrer|affiliate.*|aff_.*|awc|"
    r"cjevent|irclickid|epik|ttclid|srsltid|clickid|pk_.*|mtm_.*|hsa_.*|s_kwcid|cmpid|campaign.*|_openstat|igshid",
    re.IGNORECASE,
)
_LONGEST_ID = 180


def canonical_product_url(url: str) -> str:
    """Return a product's address with a lower-case host and without fragment and tracking parameters.

    Raises:
        SearchUrlError: where it is no http(s) address.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if not host or parts.scheme not in {"http", "https"}:
        raise SearchUrlError(f"{url[:80]!r} is not a product's address; paste it whole, with https:// at the start")
    kept = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(name)
    ]
    place = host.lower() if port is None else f"{host.lower()}:{port}"
    return urlunsplit((parts.scheme, place, parts.path or "/", urlencode(kept), ""))


def product_id(url: str) -> str:
    """Return a stable id of a product's address: host, path and parameters, shortened by a digest where it is long."""
    parts = urlsplit(canonical_product_url(url))
    host = parts.netloc.removeprefix("www.")
    whole = f"{host}{parts.path.rstrip('/')}" + (f"?{parts.query}" if parts.query else "")
    if len(whole) <= _LONGEST_ID:
        return whole
    return f"{whole[: _LONGEST_ID - 17]}~{hashlib.blake2b(whole.encode(), digest_size=8).hexdigest()}"
