"""Etsy's own search address, as a user copies it, to canonical parameters and back.

The website's filters are many; those that the API has are understood, the others are named as mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from scrapers.contract import ParsedSearch, SearchUrlError

SOURCE_NAME = "etsy"
Params = Mapping[str, str | list[str]]
# Prices come in each shop's own currency; there is no currency parameter (Etsy/open-api#329).
CURRENCY = "USD"
_HOST = re.compile(r"(?:www\.)?etsy\.com")
_NOISE = re.compile(
    r"ref|page|pf_from|utm_.*|gclid|explicit|is_merch_library|as_prefix|source|search_type|frs|sts|dd|ls|referrer|mosv|moci|"
    r"organic_search_click|pro|view_type|anchor_listing_id|content_source|logging_key|from_page"
)
_ORDERS = {"date_desc": "created", "price_asc": "price_up", "price_desc": "price_down", "most_relevant": "score"}
_ORDER_BACK = {name: order for order, name in _ORDERS.items()}


def parse_search_url(url: str) -> ParsedSearch:
    """Read a search address of etsy.com: ``/search?q=...`` or ``/market/<words>``.

    Raises:
        SearchUrlError: naming what is not understood.
    """
    try:
        parts = urlsplit(url.strip())
        known = _HOST.fullmatch((parts.hostname or "").lower())
    except ValueError:
        known, parts = None, urlsplit("")
    if known is None:
        raise SearchUrlError(f"{url[:80]!r} is not an address of etsy.com")
    params: dict[str, str | list[str]] = {}
    path = re.fullmatch(r"(?:/[a-z]{2}(?:-[a-z]{2})?)?/(?:search(?:/[\w-]+)?|market/([\w%+-]+))/?", parts.path)
    if path is None:
        raise SearchUrlError(f"{parts.path[:80]!r} is not Etsy's search: paste https://www.etsy.com/search?q=...")
    if path.group(1):
        params["search_text"] = unquote_plus(path.group(1)).replace("_", " ").replace("-", " ").strip()
    mistakes = [
        mistake
        for name, value in parse_qsl(parts.query, keep_blank_values=False)
        if (mistake := _take(params, name, value.strip()))
    ]
    if mistakes:
        raise SearchUrlError(f"not understood: {'; '.join(mistakes)}. Remove it from the address")
    if not params.get("search_text") and "taxonomy_id" not in params:
        raise SearchUrlError("the address searches for nothing: it needs q=...")
    return ParsedSearch(
        source=SOURCE_NAME, country="com", currency=CURRENCY, params=params, canonical_url=write_search_url(params)
    )


def _take(params: dict[str, str | list[str]], name: str, value: str) -> str | None:
    match name:
        case "q":
            params["search_text"] = " ".join(value.split())
        case "min" | "min_price" | "max" | "max_price":
            amount = _amount(value)
            if amount is None:
                return f"{name}={value[:20]} is no amount"
            params["price_from" if name.startswith("min") else "price_to"] = amount
        case "order" if value in _ORDERS:
            params["order"] = _ORDERS[value]
        case "locationQuery" | "location_query" | "shop_location":
            params["shop_location"] = value
        case "taxonomy_id" if value.isdecimal():
            params["taxonomy_id"] = value
        case _ if not _NOISE.fullmatch(name):
            return f"{name[:40]}={value[:20]}"
        case _:
            pass
    return None


def _amount(text: str) -> str | None:
    try:
        amount = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return format(amount.normalize(), "f") if amount.is_finite() and amount >= 0 else None


def write_search_url(params: Params) -> str:
    """Return the address of the same search on the website."""
    names = (("search_text", "q"), ("price_from", "min"), ("price_to", "max"), ("shop_location", "locationQuery"),
             ("taxonomy_id", "taxonomy_id"))  # fmt: skip
    pairs = [(short, str(params[name])) for name, short in names if params.get(name)]
    if isinstance(params.get("order"), str):
        pairs.append(("order", _ORDER_BACK[str(params["order"])]))
    return f"https://www.etsy.com/search?{urlencode(pairs)}"


def api_params(params: Params, *, limit: int, offset: int) -> list[tuple[str, str]]:
    """Return the query of one page of ``findAllListingsActive``; newest first where no order is asked for."""
    names = (("search_text", "keywords"), ("price_from", "min_price"), ("price_to", "max_price"),
             ("shop_location", "shop_location"), ("taxonomy_id", "taxonomy_id"))  # fmt: skip
    pairs = [(name, str(params[canonical])) for canonical, name in names if params.get(canonical)]
    sort_on, _, direction = str(params.get("order") or "created").partition("_")
    pairs += [("sort_on", sort_on), ("sort_order", direction or "down")]
    return [*pairs, ("limit", str(limit)), ("offset", str(offset))]
