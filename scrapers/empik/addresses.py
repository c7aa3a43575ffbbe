"""Empik's addresses: what a user may paste, and which product an address names.

Belongs here: reading and writing addresses. Does not: fetching.

A product's address is ``/slug,p{digits},{category}-p`` (page head of 2026-09-30). The search address
``/szukaj/produkt?q=`` is after public client code of 2019-2023 and may be gone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from scrapers.answers import base_url
from scrapers.contract import ParsedSearch, SearchUrlError

SOURCE_NAME = "empik"
COUNTRY = "pl"
CURRENCY = "PLN"
REAL_BASE = "https://www.empik.com"

_PRODUCT_PATH = re.compile(r"/(?P<slug>[^/,]{0,400}),(?P<id>p[0-9]{4,20}),(?P<category>[a-z0-9-]{1,80})")
_SEARCH_PATH = re.compile(r"/szukaj/produkt/?")
_DROPPED = re.compile(
    r"utm_[a-z]+|gclid|fbclid|gbraid|wbraid|gad_[a-z]+|msclkid|mpshopid|cid|sid|tp|sg_[a-z]+|ref|fromsearchquery|pid"
    r"|resultspp|start|qtype|searchcategory|ac|_gl|cq_[a-z]+|wt_[a-z]+|placement|recommendation[a-z]*"
)
_MAX_URL = 8192
_MAX_TEXT = 500


def parse_search_url(url: str, *, sandbox_url: str | None = None) -> ParsedSearch:
    """Read a product's or a search's address on empik.com, or of the sandbox where one is set.

    Raises:
        SearchUrlError: naming each parameter that is not understood.
    """
    path, query = _locate(url.strip(), sandbox_url)
    pairs = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True, errors="replace") if value]
    product = _PRODUCT_PATH.fullmatch(path)
    if product:
        _refuse_unknown([name for name, _ in pairs if not _DROPPED.fullmatch(name.lower())])
        params: dict[str, str | list[str]] = {"url": f"{REAL_BASE}{quote(path, safe='/,-')}"}
    elif _SEARCH_PATH.fullmatch(path):
        _refuse_unknown([name for name, _ in pairs if name != "q" and not _DROPPED.fullmatch(name.lower())])
        text = next((" ".join(value.split())[:_MAX_TEXT] for name, value in pairs if name == "q"), "")
        if not text:
            raise SearchUrlError("this search has no words (q=); add some")
        params = {"search_text": text}
    else:
        raise SearchUrlError(
            f"the page {path[:80]!r} is neither a product nor a search; open a product on Empik and paste its address "
            "(https://www.empik.com/name,p1234567890,category-p)"
        )
    return ParsedSearch(
        source=SOURCE_NAME,
        country=COUNTRY,
        currency=CURRENCY,
        params=params,
        canonical_url=write_address(params),
    )


def write_address(params: Mapping[str, str | list[str]], *, sandbox_url: str | None = None) -> str:
    """Write parameters as the site's own address, or its look-alike's in the sandbox."""
    base = base_url(REAL_BASE, sandbox_url, SOURCE_NAME)
    url = params.get("url")
    if isinstance(url, str):
        return f"{base}{urlsplit(url).path}"
    return f"{base}/szukaj/produkt?{urlencode({'q': str(params.get('search_text', ''))}, quote_via=quote)}"


def product_of(url: str) -> str | None:
    """Return the product's number (``p1729665860``) that an address names; None where it names none."""
    try:
        path = unquote(urlsplit(url).path)
    except ValueError:
        return None
    match = _PRODUCT_PATH.search(path)
    return match.group("id") if match else None


def base_of(url: str) -> str:
    """Return the site's address that a page came from, without a slash at the end."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return REAL_BASE
    before, found, _ = parts.path.partition(f"/{SOURCE_NAME}/")
    is_real = not host or host.removeprefix("www.") == "empik.com" or not found
    return REAL_BASE if is_real else f"{parts.scheme}://{parts.netloc}{before}/{SOURCE_NAME}"


def _refuse_unknown(names: list[str]) -> None:
    if names:
        named = ", ".join(" ".join(name.split())[:60] for name in dict.fromkeys(names))
        noun = "parameter" if len(names) == 1 else "parameters"
        raise SearchUrlError(f"This address is not understood: unknown {noun} {named}; remove it from the address.")


def _locate(text: str, sandbox_url: str | None) -> tuple[str, str]:
    if len(text) > _MAX_URL:
        raise SearchUrlError(f"the address is longer than {_MAX_URL} characters")
    if "://" not in text:
        text = f"https://{text.removeprefix('//')}"
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").lower()
    except ValueError as error:
        raise SearchUrlError(f"this is not an address: {text[:80]!r}") from error
    if parts.scheme in {"http", "https"} and host.removeprefix("www.") == "empik.com":
        return unquote(parts.path), parts.query
    if sandbox_url:
        base = f"{sandbox_url.rstrip('/')}/{SOURCE_NAME}"
        if text.startswith(f"{base}/"):
            return unquote(parts.path).removeprefix(urlsplit(base).path), parts.query
    raise SearchUrlError(
        f"{host[:80]!r} is not empik.com; paste the address of a product such as "
        "https://www.empik.com/name,p1234567890,category-p"
    )
