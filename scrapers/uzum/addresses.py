"""Uzum's addresses: what a user pastes, what is asked, what a listing links to.

Belongs here: hosts and paths, real and in the sandbox. Does not: bodies.

``https://api.uzum.uz/api/v2/product/{id}`` answered without login in 2025-12 and 2026-05 (recorded card; public
clients). Site addresses end in the product's id, ``/ru/product/{words}-{id}?skuId={sku}``; that the words before the id
are not looked at is not verified. Category and search pages have no counterpart there: their GraphQL service asks for a
token since 2026-05.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from scrapers.contract import ParsedSearch, SearchUrlError

SOURCE_NAME = "uzum"
COUNTRY = "uz"
CURRENCY = "UZS"
SITE = "https://uzum.uz"
API = "https://api.uzum.uz"
# Ids asked a page of a search: a poll of five pages reads a hundred products.
IDS_A_PAGE = 20
MAX_IDS = 100
MAX_ID = 2**31 - 1

_SITE_HOST = re.compile(r"(www\.|m\.)?uzum\.uz")
_API_HOST = "api.uzum.uz"
_PRODUCT_PATH = re.compile(r"(?:/[a-z]{2})?/product/(?:[^/]*-)?(?P<id>[0-9]{1,10})/?")
_IDS_PATH = re.compile(r"/product/(?P<ids>[0-9]{1,10}(?:[,-][0-9]{1,10})*)/?")
_API_PATH = re.compile(r"/api/v2/product/(?P<id>[0-9]{1,10})/?")
_RANGE = re.compile(r"([0-9]{1,10})-([0-9]{1,10})")
_ELSEWHERE = re.compile(r"/(?:[a-z]{2}/)?(?:category|search|shop|brand|collections?|offers?)(?:/|$)")
# They say how one came to the page, or which variant it shows first; they select no product.
_DROPPED = re.compile(r"(?i)skuid|utm_.*|gclid|yclid|fbclid|ref|srsltid|_openstat")
_HOW_TO = (
    "paste a product's address (https://uzum.uz/ru/product/name-123456), or write several ids as "
    "https://uzum.uz/product/123456,234567 or https://uzum.uz/product/1-100"
)


def service_base(sandbox_url: str | None) -> str:
    """Return where the product service is, without a slash at the end."""
    return f"{sandbox_url.rstrip('/')}/{SOURCE_NAME}" if sandbox_url else API


def product_address(base: str, product_id: int | str) -> str:
    """Return where the service answers for a product."""
    return f"{base}/api/v2/product/{product_id}"


def site_of_page(url: str) -> str:
    """Return the site beside the service that answered an address: the real one, or a sandbox's."""
    base, found, _ = url.partition("/api/v2/product/")
    return base if found and urlsplit(base).hostname != _API_HOST else SITE


def listing_address(site: str, title: str, product_id: int, sku_id: int) -> str:
    """Return the address of a variant for a person."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain)[:60].strip("-")
    return f"{site}/ru/product/{f'{words}-' if words else ''}{product_id}?skuId={sku_id}"


def canonical_address(ids: list[str]) -> str:
    """Return the address that stands for these products: a range where they follow one another, else their list."""
    numbers = [int(text) for text in ids]
    if len(ids) > 2 and numbers == list(range(numbers[0], numbers[0] + len(ids))):
        return f"{SITE}/product/{ids[0]}-{ids[-1]}"
    return f"{SITE}/product/{','.join(ids)}"


def parse_search_url(url: str, *, sandbox_url: str | None = None) -> ParsedSearch:
    """Read a product's address, a list of ids or a range of ids; see the module for the forms.

    Raises:
        SearchUrlError: saying what is not understood and what to write instead.
    """
    path = _path_of(url, sandbox_url)
    found = _PRODUCT_PATH.fullmatch(path) or _API_PATH.fullmatch(path)
    several = _IDS_PATH.fullmatch(path)
    if several is not None and found is not None and not _is_list(several["ids"]):
        several = None
    if several is not None:
        ids = _ids(several["ids"])
    elif found is not None:
        ids = _checked([int(found["id"])])
    elif _ELSEWHERE.match(path):
        raise SearchUrlError(
            "Uzum's categories and searches cannot be read: their GraphQL service has asked for a token since May "
            f"2026. Instead {_HOW_TO}; to read everything: pricescope scan uzum --from 1 --to 1300000"
        )
    else:
        raise SearchUrlError(f"{url[:120]!r} is not an address of products: {_HOW_TO}")
    texts = [str(number) for number in ids]
    return ParsedSearch(
        source=SOURCE_NAME,
        country=COUNTRY,
        currency=CURRENCY,
        params={"product_ids": texts},
        canonical_url=canonical_address(texts),
    )


def parse_item_url(id_or_url: str) -> str:
    """Return the product id that an id, a listing's external id or an address names.

    Raises:
        ValueError: where it is no product of Uzum.
    """
    text = id_or_url.strip()
    plain = re.fullmatch(r"([0-9]{1,10})(?:-[0-9]{1,12})?", text)
    if plain is not None:
        return plain[1]
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").lower()
    except ValueError:
        raise ValueError(f"{text[:80]!r} is not an address") from None
    path = parts.path.partition(f"/{SOURCE_NAME}")[2] if host in {"127.0.0.1", "localhost"} else parts.path
    found = _PRODUCT_PATH.fullmatch(path) or _API_PATH.fullmatch(path)
    if found is None or not (_SITE_HOST.fullmatch(host) or host in {_API_HOST, "127.0.0.1", "localhost"}):
        raise ValueError(f"{text[:80]!r} is no product of Uzum; give its id or its address")
    return found["id"]


def _path_of(url: str, sandbox_url: str | None) -> str:
    text = url.strip()
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").lower().rstrip(".")
    except ValueError:
        raise SearchUrlError(f"{text[:120]!r} is not an address: {_HOW_TO}") from None
    prefix = f"{sandbox_url.rstrip('/')}/{SOURCE_NAME}" if sandbox_url else ""
    path = parts.path
    if prefix and text.startswith(f"{prefix}/"):
        path = path.removeprefix(urlsplit(prefix).path)
    elif parts.scheme not in {"http", "https"} or not (_SITE_HOST.fullmatch(host) or host == _API_HOST):
        raise SearchUrlError(f"{text[:120]!r} is not an address of uzum.uz: {_HOW_TO}")
    unknown = sorted(
        {name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if not _DROPPED.fullmatch(name)}
    )
    if unknown and not _ELSEWHERE.match(path):
        raise SearchUrlError(f"these parameters mean nothing for a product: {', '.join(unknown)[:200]}; leave them out")
    return path


def _is_list(text: str) -> bool:
    return not text.isdigit()


def _ids(text: str) -> list[int]:
    numbers: dict[int, None] = {}
    for part in text.split(","):
        span = _RANGE.fullmatch(part)
        if span is None and not part.isdigit():
            raise SearchUrlError(f"{part!r} is neither an id nor a range of ids: {_HOW_TO}")
        first, last = (int(span[1]), int(span[2])) if span else (int(part), int(part))
        if last < first:
            raise SearchUrlError(f"the range {part} runs backwards; write it {last}-{first}")
        if last - first >= MAX_IDS:
            raise SearchUrlError(
                f"a watch reads at most {MAX_IDS} products, {part} are {last - first + 1}; a long range is read by: "
                f"pricescope scan {SOURCE_NAME} --from {first} --to {last}"
            )
        numbers |= dict.fromkeys(range(first, last + 1))
    return _checked(numbers)


def _checked(numbers: Iterable[int]) -> list[int]:
    ids = list(numbers)
    if len(ids) > MAX_IDS:
        raise SearchUrlError(f"a watch reads at most {MAX_IDS} products, these are {len(ids)}; make several watches")
    for number in ids:
        if not 1 <= number <= MAX_ID:
            raise SearchUrlError(f"{number} is not a product id: they run from 1 to {MAX_ID}")
    return ids
