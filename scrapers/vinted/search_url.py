"""Vinted's own search addresses, read into canonical parameters and written back.

Belongs here: what a user may paste or type as a search. Does not: what is sent to the services (``requests``).

Unknown parameters are errors that name them, because the search service silently ignores filters that it does not
know: a filtered search would quietly become an unfiltered one, and its statistics worthless.

Parameter names as in the site's addresses of 2025-26 (``catalog[]``, ``brand_ids[]`` ...) and the older ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from domain.money import MoneyError, parse_amount
from scrapers.contract import ParsedSearch, SearchUrlError
from scrapers.pasted_address import pasted_address
from scrapers.vinted.domains import SITES, SOURCE_NAME, Site, site_of_host, www_base

Params = dict[str, str | list[str]]

LIST_PARAMS = (
    "catalog_ids",
    "brand_ids",
    "size_ids",
    "color_ids",
    "material_ids",
    "status_ids",
    "patterns_ids",
    "brand_collection_ids",
    "video_game_platform_ids",
)
SCALAR_PARAMS = ("search_text", "price_from", "price_to", "currency", "order")
ORDERS = ("newest_first", "relevance", "price_low_to_high", "price_high_to_low")

_ALIASES = {
    "catalog": "catalog_ids",
    "catalog_id": "catalog_ids",
    "brand": "brand_ids",
    "brand_id": "brand_ids",
    "size": "size_ids",
    "size_id": "size_ids",
    "color": "color_ids",
    "color_id": "color_ids",
    "material": "material_ids",
    "material_id": "material_ids",
    "status": "status_ids",
    "status_id": "status_ids",
    "patterns": "patterns_ids",
    "pattern_ids": "patterns_ids",
    "brand_collection": "brand_collection_ids",
    "video_game_platform": "video_game_platform_ids",
}
# They say where in a search one is, or how one came there; they select nothing.
_DROPPED = frozenset({
    "page", "per_page", "time", "search_id", "global_search_session_id", "search_session_id", "referrer", "ref",
    "search_start_timestamp", "gclid", "fbclid",
})  # fmt: skip
_UNSUPPORTED = {
    "country_ids": "the search service has no such filter any more",
    "city_ids": "the search service has no such filter any more",
    "is_for_swap": "the search service has no such filter any more",
    "disposal": "the search service has no such filter any more",
    "sort": "the site ignores it; the order is chosen with order=",
}
_BRACKETS = re.compile(r"(?:attribute_ids\[(?P<facet>[a-z_]+)\]|(?P<plain>[A-Za-z0-9_]+))(?:\[\d{0,3}\])?")
_ID = re.compile(r"[0-9]{1,20}")
_CATALOG_PATH = re.compile(r"/catalog(?:/(?P<id>[0-9]{1,20})(?:-[^/]*)?)?/?")
_BRAND_PATH = re.compile(r"/brand/(?:[^/]+/)?(?P<id>[0-9]{1,20})(?:-[^/]*)?/?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_MAX_TEXT = 500


def parse_search_url(url: str, *, sandbox_url: str | None = None) -> ParsedSearch:
    """Read a search address of any Vinted country, or of the sandbox where one is set.

    Args:
        url: as copied from the browser: ``https://www.vinted.fr/catalog?search_text=...&brand_ids[]=53``, a category
            page ``/catalog/1904-women`` or a brand page ``/brand/53-nike``. The scheme may be missing.
        sandbox_url: a sandbox whose addresses are accepted, too.

    Raises:
        SearchUrlError: naming each parameter or value that is not understood.
    """
    site, path, parts, base = _locate(url, sandbox_url)
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=300, errors="replace")
    except ValueError as error:
        raise SearchUrlError("the address has more than 300 parameters; Vinted's searches have a few") from error
    params = canonical_params([*_path_params(path), *pairs], site)
    return ParsedSearch(
        source=SOURCE_NAME,
        country=site.country,
        currency=site.currency,
        params=params,
        canonical_url=write_search_url(params, base=base),
    )


def write_search_url(params: Mapping[str, str | list[str]], *, base: str) -> str:
    """Write canonical parameters as the site's own search address under ``base`` (``https://www.vinted.fr``)."""
    query = urlencode(site_params(params), safe="[]", quote_via=quote)
    return f"{base}/catalog?{query}" if query else f"{base}/catalog"


def site_params(params: Mapping[str, str | list[str]]) -> list[tuple[str, str]]:
    """Return canonical parameters under the names the website uses, ids one by one, empty values left out."""
    pairs: list[tuple[str, str]] = []
    for name in (*SCALAR_PARAMS[:1], *LIST_PARAMS, *SCALAR_PARAMS[1:]):
        value = params.get(name)
        if isinstance(value, list):
            written = "catalog[]" if name == "catalog_ids" else f"{name}[]"
            pairs += [(written, one) for one in value if one]
        elif value:
            pairs.append((name, value))
    return pairs


def canonical_params(pairs: Iterable[tuple[str, str]], site: Site) -> Params:
    """Return canonical parameters from names and values as a user gives them; empty values are dropped.

    Raises:
        SearchUrlError: with every mistake at once.
    """
    mistakes: list[str] = []
    lists: dict[str, dict[str, None]] = {}
    scalars: dict[str, set[str]] = {}
    unknown: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        value = _tidy(raw_value)
        name = _canonical_name(raw_name)
        if not value or name in _DROPPED or name.startswith("utm_"):
            continue
        if name in LIST_PARAMS:
            lists.setdefault(name, {}).update(dict.fromkeys(_ids(name, value, mistakes)))
        elif name in SCALAR_PARAMS:
            scalars.setdefault(name, set()).add(value)
        else:
            unknown[_tidy(raw_name)[:60]] = _UNSUPPORTED.get(name, "")
    if unknown:
        mistakes.insert(0, _unknown_words(unknown))
    single = {}
    for name, values in scalars.items():
        if len(values) > 1:
            mistakes.append(f"{name} is given more than once with different values")
        single[name] = min(values)
    checked = _check_scalars(single, site, mistakes)
    if mistakes:
        raise SearchUrlError("This search is not understood: " + "; ".join(mistakes) + ".")
    return {**checked, **{name: list(lists[name]) for name in LIST_PARAMS if lists.get(name)}}


def params_as_pairs(params: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return keyword arguments (text, numbers or lists of them) as pairs for ``canonical_params``."""
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        if isinstance(value, (list, tuple, set, frozenset)):
            pairs += [(name, str(one)) for one in value]
        elif value is not None:
            pairs.append((name, str(value)))
    return pairs


# ---------------------------------------------------------------- the address


def _locate(url: str, sandbox_url: str | None) -> tuple[Site, str, SplitResult, str]:
    text, parts, host = pasted_address(url)
    site = site_of_host(host)
    if site is not None:
        return site, parts.path, parts, www_base(site.country)
    if sandbox_url:
        for country in SITES:
            base = www_base(country, sandbox_url)
            if text.startswith(base) and text[len(base) : len(base) + 1] in {"/", "?", ""}:
                return SITES[country], parts.path[len(urlsplit(base).path) :], parts, base
    raise SearchUrlError(
        f"{host[:80]!r} is not a Vinted site that is known; paste the address of a search such as "
        f"https://www.vinted.fr/catalog?search_text=... (countries: {', '.join(sorted(SITES))})"
    )


def _path_params(path: str) -> list[tuple[str, str]]:
    match = _CATALOG_PATH.fullmatch(path)
    if match:
        return [("catalog_ids", match.group("id"))] if match.group("id") else []
    match = _BRAND_PATH.fullmatch(path)
    if match:
        return [("brand_ids", match.group("id"))]
    for start, what in (("/items/", "one listing"), ("/member/", "a member's page")):
        if path.startswith(start):
            raise SearchUrlError(f"this is the address of {what}, not of a search; paste the address of a search")
    raise SearchUrlError(
        f"the page {path[:80]!r} is not a search; open a search on Vinted (/catalog?...) and paste its address"
    )


def _canonical_name(raw: str) -> str:
    match = _BRACKETS.fullmatch(raw.strip())
    if match is None:
        return raw.strip()
    name = match.group("facet") or match.group("plain")
    return _ALIASES.get(name, name)


# ---------------------------------------------------------------- the values


def _tidy(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _unknown_words(unknown: Mapping[str, str]) -> str:
    named = ", ".join(f"{name} ({why})" if why else name for name, why in unknown.items())
    noun = "parameter" if len(unknown) == 1 else "parameters"
    return (
        f"unknown {noun} {named}, which Vinted's search would silently ignore; remove it from the address. "
        f"Known: {', '.join((*SCALAR_PARAMS, *LIST_PARAMS))}"
    )


def _ids(name: str, value: str, mistakes: list[str]) -> list[str]:
    ids = []
    for part in value.split(","):
        one = part.strip()
        if _ID.fullmatch(one):
            ids.append(one.lstrip("0") or "0")
        elif one:
            mistakes.append(f"{name} must be numbers, not {one[:40]!r}")
    return ids


def _check_scalars(single: Mapping[str, str], site: Site, mistakes: list[str]) -> Params:
    checked: Params = {}
    if text := single.get("search_text"):
        if len(text) > _MAX_TEXT:
            mistakes.append(f"search_text is longer than {_MAX_TEXT} characters")
        checked["search_text"] = text
    prices = {name: _price(name, single[name], mistakes) for name in ("price_from", "price_to") if name in single}
    for name, price in prices.items():
        if price is not None:
            checked[name] = format(price, "f")
    low, high = prices.get("price_from"), prices.get("price_to")
    if low is not None and high is not None and low > high:
        mistakes.append(f"price_from ({low:f}) is above price_to ({high:f})")
    if currency := single.get("currency"):
        if currency.upper() != site.currency:
            mistakes.append(
                f"currency {currency[:10]!r} is foreign to vinted.{site.country}, whose prices are in {site.currency}"
            )
        checked["currency"] = site.currency
    if order := single.get("order"):
        if order not in ORDERS:
            mistakes.append(f"order {order[:40]!r} is not known; known: {', '.join(ORDERS)}")
        checked["order"] = order
    return checked


def _price(name: str, text: str, mistakes: list[str]) -> Decimal | None:
    try:
        amount = parse_amount(text[:40].replace(",", ".")).normalize()
    except MoneyError:
        mistakes.append(f"{name} must be an amount such as 25 or 19.99, not {text[:40]!r}")
        return None
    return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount
