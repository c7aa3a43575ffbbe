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
from scrapers.pasted_address import place_on_site, refuse_unknown, site_of_page

SOURCE_NAME = "empik"
COUNTRY = "pl"
CURRENCY = "PLN"
_HOST = "empik.com"
REAL_BASE = "https://www.empik.com"
_EXAMPLE = "the address of a product such as https://www.empik.com/name,p1234567890,category-p"

_PRODUCT_PATH = re.compile(r"/(?P<slug>[^/,]{0,400}),(?P<id>p[0-9]{4,20}),(?P<category>[a-z0-9-]{1,80})")
_SEARCH_PATH = re.compile(r"/szukaj/produkt/?")
_DROPPED = re.compile(
    r"utm_[a-z]+|gclid|fbclid|gbraid|wbraid|gad_[a-z]+|msclkid|mpshopid|cid|sid|tp|sg_[a-z]+|ref|fromsearchquery|pid"
    r"|resultspp|start|qtype|searchcategory|ac|_gl|cq_[a-z]+|wt_[a-z]+|placement|recommendation[a-z]*"
)
_MAX_TEXT = 500


def parse_search_url(url: str, *, sandbox_url: str | None = None) -> ParsedSearch:
    """Read a product's or a search's address on empik.com, or of the sandbox where one is set.

    Raises:
        SearchUrlError: naming each parameter that is not understood.
    """
    path, query = place_on_site(url, host=_HOST, source=SOURCE_NAME, sandbox_url=sandbox_url, example=_EXAMPLE)
    pairs = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True, errors="replace") if value]
    product = _PRODUCT_PATH.fullmatch(path)
    if product:
        refuse_unknown([name for name, _ in pairs if not _DROPPED.fullmatch(name.lower())])
        params: dict[str, str | list[str]] = {"url": f"{REAL_BASE}{quote(path, safe='/,-')}"}
    elif _SEARCH_PATH.fullmatch(path):
        refuse_unknown([name for name, _ in pairs if name != "q" and not _DROPPED.fullmatch(name.lower())])
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
    return site_of_page(url, host=_HOST, source=SOURCE_NAME, real_base=REAL_BASE)
