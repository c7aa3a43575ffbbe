"""Etsy's own search address, as a user copies it, to canonical parameters and back.

The website's filters are many; those that the API has are understood, the others are named as mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import parse_qsl, unquote_plus, urlencode

from scrapers.contract import ParsedSearch, SearchUrlError
from scrapers.json_values import text_of
from scrapers.pasted_address import pasted_address

SOURCE_NAME = "etsy"
Params = Mapping[str, str | list[str]]
# Prices come in each shop's own currency; there is no currency parameter (Etsy/open-api#329). In which one the price
# limits are meant is not said; dollars are taken for it.
CURRENCY = "USD"
_HOST = re.compile(r"(?:www\.)?etsy\.com")
_PATH = re.compile(
    r"(?:/[a-z]{2}(?:-[a-z]{2})?)?/(?:search(?:/(?P<category>[\w/-]*\w[\w/-]*))?|market/(?P<words>[\w%+-]+))/?"
)
# Where a visitor came from and how the page is laid out; nothing about what is searched.
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
    _, parts, host = pasted_address(url)
    if _HOST.fullmatch(host) is None:
        raise SearchUrlError(f"{url[:80]!r} is not an address of etsy.com")
    params: dict[str, str | list[str]] = {}
    path = _PATH.fullmatch(parts.path)
    if path is None:
        raise SearchUrlError(f"{parts.path[:80]!r} is not Etsy's search: paste https://www.etsy.com/search?q=...")
    if path.group("category"):
        raise SearchUrlError(
            f"not understood: the category {path.group('category')[:40]!r}, which the API knows by number only. "
            "Take it out of the address, or give taxonomy_id=... in its place"
        )
    if path.group("words"):
        params["search_text"] = " ".join(unquote_plus(path.group("words")).replace("_", " ").replace("-", " ").split())
    mistakes = [
        mistake
        for name, value in parse_qsl(parts.query, keep_blank_values=False)
        if (mistake := _take(params, name, value.strip()))
    ]
    if mistakes:
        raise SearchUrlError(f"not understood: {'; '.join(mistakes)}. Remove it from the address")
    low, high = params.get("price_from"), params.get("price_to")
    if isinstance(low, str) and isinstance(high, str) and Decimal(low) > Decimal(high):
        raise SearchUrlError(f"min={low} is more than max={high}: nothing costs that")
    if not params.get("search_text") and "taxonomy_id" not in params:
        raise SearchUrlError("the address searches for nothing: it needs q=...")
    return ParsedSearch(
        source=SOURCE_NAME, country="com", currency=CURRENCY, params=params, canonical_url=write_search_url(params)
    )


def _take(params: dict[str, str | list[str]], name: str, value: str) -> str | None:
    match name:
        case "q":
            params["search_text"] = " ".join((text_of(value) or "").split())
        case "min" | "min_price" | "max" | "max_price":
            amount = _amount(value)
            if amount is None:
                return f"{name}={value[:20]} is no amount"
            params["price_from" if name.startswith("min") else "price_to"] = amount
        case "order" if value in _ORDERS:
            params["order"] = _ORDERS[value]
        case "locationQuery" | "location_query" | "shop_location":
            if not re.search(r"[^\W\d]", value):
                # The website's number of a place; the API parses names ("if it cannot be parsed": an error).
                return f"{name}={value[:20]} is a place's number; the API takes its name, e.g. shop_location=Berlin"
            params["shop_location"] = value
        case "taxonomy_id" if re.fullmatch(r"[1-9][0-9]{0,8}", value):
            params["taxonomy_id"] = value
        case _ if not _NOISE.fullmatch(name):
            return f"{name[:40]}={value[:20]}"
        case _:
            pass
    return None


def _amount(text: str) -> str | None:
    if not re.fullmatch(r"[0-9]{1,12}(?:[.,][0-9]{1,2})?", text):
        return None
    return format(Decimal(text.replace(",", ".")).normalize(), "f")


def write_search_url(params: Params) -> str:
    """Return the address of the same search on the website."""
    names = (("search_text", "q"), ("price_from", "min"), ("price_to", "max"), ("shop_location", "shop_location"),
             ("taxonomy_id", "taxonomy_id"))  # fmt: skip
    pairs = [(short, str(params[name])) for name, short in names if params.get(name)]
    if isinstance(params.get("order"), str):
        pairs.append(("order", _ORDER_BACK[str(params["order"])]))
    return f"https://www.etsy.com/search?{urlencode(pairs)}"
