"""eBay's own search address, as a user copies it, to canonical parameters and back.

Parameters of the website are those of its search form in 2026; the website has many more, and one that is not known
here is an error, since ignoring a filter would fill the watch with other things.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from scrapers.contract import ParsedSearch, SearchUrlError
from scrapers.ebay.sites import SITES, SOURCE_NAME, Site, site_of_host

Params = Mapping[str, str | list[str]]
# Where a visitor came from and how the page is laid out; nothing about what is searched.
_NOISE = re.compile(
    r"_from|_trksid|_osacat|_odkw|rt|_ipg|_dmd|_pgn|_ssn_.*|LH_TitleDesc|_fosrp|_blrs|mk.*|campid|toolid|customid|hash|"
    r"amdata|itm.*|var|epid|_skw|_oac|ssPageName|_clu|_fcid|_localstpos|_stpos|_sadis|norover|siteid"
)
_SORTS = {"1": "endingSoonest", "10": "newlyListed", "12": "", "15": "price", "16": "-price", "7": "distance"}
_SORT_BACK = {name: number for number, name in _SORTS.items()}
_LOCATIONS = {"1": "home"}


def parse_search_url(url: str) -> ParsedSearch:
    """Read a search address of any eBay site.

    Raises:
        SearchUrlError: naming what is not understood.
    """
    try:
        parts = urlsplit(url.strip())
        site = site_of_host(parts.hostname or "")
    except ValueError:
        site, parts = None, urlsplit("")
    if site is None:
        raise SearchUrlError(f"{url[:80]!r} is not an address of an eBay site; known: {', '.join(sorted(SITES))}")
    category = re.fullmatch(r"/(?:sch|b)/(?:[^/]+/)?(\d+)?(?:/i\.html|/bn_\d+)?/?|/sch/i\.html", parts.path)
    if category is None:
        raise SearchUrlError(
            f"{parts.path[:80]!r} is not eBay's search: paste the address of a result list, https://www.ebay.{site.country}"
            "/sch/i.html?_nkw=..."
        )
    params: dict[str, str | list[str]] = {}
    if category.group(1):
        params["category_ids"] = category.group(1)
    mistakes = [
        mistake
        for name, value in parse_qsl(parts.query, keep_blank_values=False)
        if (mistake := _take(params, name, value.strip()))
    ]
    if mistakes:
        raise SearchUrlError(
            f"not understood: {'; '.join(mistakes)}. Remove it from the address, or set it as an option"
        )
    if "search_text" not in params and "category_ids" not in params:
        raise SearchUrlError("the address searches for nothing: it needs _nkw=... or a category")
    return ParsedSearch(
        source=SOURCE_NAME,
        country=site.country,
        currency=site.currency,
        params=params,
        canonical_url=write_search_url(site, params),
    )


def _take(params: dict[str, str | list[str]], name: str, value: str) -> str | None:  # noqa: C901, PLR0911, PLR0912 - a case each
    """Put one parameter of the address into ``params``; return what is wrong with it, if anything."""
    match name:
        case "_nkw":
            params["search_text"] = " ".join(value.split())
        case "_sacat":
            if value != "0":
                if not value.isdecimal():
                    return f"_sacat={value[:20]}"
                params["category_ids"] = value
        case "_udlo" | "_udhi":
            try:
                amount = Decimal(value.replace(",", "."))
            except InvalidOperation:
                return f"{name}={value[:20]} is no amount"
            if not amount.is_finite() or amount < 0:
                return f"{name}={value[:20]} is no amount"
            params["price_from" if name == "_udlo" else "price_to"] = format(amount.normalize(), "f")
        case "LH_ItemCondition":
            ids = re.split(r"[|,]", unquote(value))
            if not all(one.isdecimal() for one in ids):
                return f"LH_ItemCondition={value[:40]}"
            params["condition_ids"] = sorted(ids)
        case "LH_BIN" | "LH_Auction" | "LH_BO":
            if value == "1":
                option = {"LH_BIN": "FIXED_PRICE", "LH_Auction": "AUCTION", "LH_BO": "BEST_OFFER"}[name]
                params["buying_options"] = sorted({*_list(params.get("buying_options")), option})
        case "LH_FS":
            if value == "1":
                params["free_shipping"] = "1"
        case "LH_PrefLoc":
            if value not in {"0", "1", "2", "3", "98", "99"}:
                return f"LH_PrefLoc={value[:20]}"
            if value == "1":
                params["located"] = "home"
            elif value in {"3", "99"}:
                return f"LH_PrefLoc={value} (a region; the API knows single countries)"
        case "LH_Sold" | "LH_Complete":
            return f"{name} (sold listings: eBay gives them to partners only)"
        case "_sop":
            if value not in _SORTS:
                return f"_sop={value[:20]}"
            if _SORTS[value]:
                params["sort"] = _SORTS[value]
        case "_ssn" | "_sasl":
            params["sellers"] = sorted(value.split(","))
        case "Brand":
            params["brands"] = sorted({*_list(params.get("brands")), *unquote(value).split("|")})
        case _ if not _NOISE.fullmatch(name):
            return name[:40]
        case _:
            pass
    return None


def _list(value: str | list[str] | None) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else value


def write_search_url(site: Site, params: Params) -> str:
    """Return the address of the same search on the website."""
    pairs: list[tuple[str, str]] = []
    text = params.get("search_text")
    if isinstance(text, str):
        pairs.append(("_nkw", text))
    for name, short in (("category_ids", "_sacat"), ("price_from", "_udlo"), ("price_to", "_udhi")):
        if name in params:
            pairs.append((short, str(params[name])))
    if "condition_ids" in params:
        pairs.append(("LH_ItemCondition", "|".join(_list(params["condition_ids"]))))
    shorts = {"FIXED_PRICE": "LH_BIN", "AUCTION": "LH_Auction", "BEST_OFFER": "LH_BO"}
    pairs += [(shorts[option], "1") for option in _list(params.get("buying_options"))]
    if "free_shipping" in params:
        pairs.append(("LH_FS", "1"))
    if params.get("located") == "home":
        pairs.append(("LH_PrefLoc", "1"))
    if "sellers" in params:
        pairs.append(("_ssn", ",".join(_list(params["sellers"]))))
    if "brands" in params:
        pairs.append(("Brand", "|".join(_list(params["brands"]))))
    if isinstance(params.get("sort"), str):
        pairs.append(("_sop", _SORT_BACK[str(params["sort"])]))
    return f"{site.www}/sch/i.html?{urlencode(pairs)}"
