"""eBay's own search address, as a user copies it, to canonical parameters and back.

Parameters of the website are those of its search form in 2026; the website has many more, and one that is not known
here is an error, since ignoring a filter would fill the watch with other things.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import parse_qsl, unquote, urlencode

from scrapers.contract import ParsedSearch, SearchUrlError
from scrapers.ebay.sites import SITES, SOURCE_NAME, Site, site_of_host
from scrapers.json_values import text_of
from scrapers.pasted_address import pasted_address

Params = Mapping[str, str | list[str]]
# Where a visitor came from and how the page is laid out; nothing about what is searched.
_NOISE = re.compile(
    r"_from|_trksid|_osacat|_odkw|rt|_ipg|_dmd|_pgn|_ssn_.*|_fss|_fsradio|LH_SpecificSeller|_fosrp|_blrs|mk.*|campid|toolid|customid|hash|"
    r"amdata|itm.*|var|epid|_skw|_oac|ssPageName|_clu|_fcid|_localstpos|_stpos|_sadis|norover|siteid"
)
_SORTS = {"1": "endingSoonest", "10": "newlyListed", "12": "", "15": "price", "16": "-price"}
_SORT_BACK = {name: number for number, name in _SORTS.items()}
# Canonical names and those of the website's form.
_SINGLE = (("search_text", "_nkw"), ("category_ids", "_sacat"), ("price_from", "_udlo"), ("price_to", "_udhi"))
_LISTED = (("condition_ids", "LH_ItemCondition", "|"), ("sellers", "_ssn", ","), ("brands", "Brand", "|"))
_FLAGS = (("free_shipping", "1", "LH_FS"), ("in_description", "1", "LH_TitleDesc"), ("located", "home", "LH_PrefLoc"))
_OPTIONS = {"LH_BIN": "FIXED_PRICE", "LH_Auction": "AUCTION", "LH_BO": "BEST_OFFER"}
_OPTIONS_BACK = {option: name for name, option in _OPTIONS.items()}
# Contract, error 12032.
_MAX_SELLERS = 250
_SELLER = re.compile(r"[^\s{}|,\[\]]{1,64}")


def parse_search_url(url: str) -> ParsedSearch:
    """Read a search address of any eBay site.

    Raises:
        SearchUrlError: naming what is not understood.
    """
    _, parts, host = pasted_address(url)
    site = site_of_host(host)
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
    mistakes += _contradictions(params)
    if mistakes:
        raise SearchUrlError(
            f"not understood: {'; '.join(mistakes)}. Remove it from the address, or set it as an option"
        )
    if not params.get("search_text") and "category_ids" not in params:
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
            if "*" in value:
                return f"_nkw={value[:40]} (the API has no wildcard *)"
            params["search_text"] = " ".join((text_of(value) or "").split())
        case "_sacat":
            if value != "0":
                if not value.isdecimal():
                    return f"_sacat={value[:20]}"
                params["category_ids"] = value
        case "_udlo" | "_udhi":
            if not re.fullmatch(r"[0-9]{1,12}(?:[.,][0-9]{1,2})?", value):
                return f"{name}={value[:20]} is no amount"
            amount = Decimal(value.replace(",", "."))
            params["price_from" if name == "_udlo" else "price_to"] = format(amount.normalize(), "f")
        case "LH_ItemCondition":
            ids = re.split(r"[|,]", unquote(value))
            if not all(re.fullmatch(r"[1-9][0-9]{3}", one) for one in ids):
                # 3 and 4 were the website's own numbers for new and used once.
                return f"LH_ItemCondition={value[:40]} (eBay's ids have four digits: 1000 new, 3000 used)"
            params["condition_ids"] = sorted(ids)
        case "LH_BIN" | "LH_Auction" | "LH_BO":
            if value == "1":
                params["buying_options"] = sorted({*_list(params.get("buying_options")), _OPTIONS[name]})
        case "LH_TitleDesc" | "LH_FS":
            if value == "1":
                params["free_shipping" if name == "LH_FS" else "in_description"] = "1"
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
            params["sellers"] = sorted({one.strip() for one in value.split(",") if one.strip()})
            if len(params["sellers"]) > _MAX_SELLERS or not all(_SELLER.fullmatch(one) for one in params["sellers"]):
                return f"{name}={value[:40]} (at most {_MAX_SELLERS} user names, commas between)"
        case "_saslop" if value in {"1", "2"}:
            if value == "2":
                params["excluded_sellers"] = []
        case "Brand":
            if re.search(r"[{},]", unquote(value)):
                return f"Brand={value[:40]} (a name with a bracket or comma, which the API's filter cannot hold)"
            params["brands"] = sorted({*_list(params.get("brands")), *unquote(value).split("|")})
        case _ if not _NOISE.fullmatch(name):
            return name[:40]
        case _:
            pass
    return None


def _contradictions(params: dict[str, str | list[str]]) -> list[str]:
    """Return what the parameters say together that the API cannot be asked; make excluded sellers of the sellers."""
    found = []
    if "excluded_sellers" in params:
        params["excluded_sellers"] = params.pop("sellers", [])
        if not params["excluded_sellers"]:
            found.append("_saslop=2 without _sasl=...")
    if "brands" in params and "category_ids" not in params:
        found.append("Brand without a category (_sacat=...), which the API wants beside it")
    low, high = params.get("price_from"), params.get("price_to")
    if isinstance(low, str) and isinstance(high, str) and Decimal(low) > Decimal(high):
        found.append(f"_udlo={low} is more than _udhi={high}")
    return found


def _list(value: str | list[str] | None) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else value


def write_search_url(site: Site, params: Params) -> str:
    """Return the address of the same search on the website."""
    pairs = [(short, str(params[name])) for name, short in _SINGLE if params.get(name)]
    pairs += [(short, mark.join(_list(params[name]))) for name, short, mark in _LISTED if name in params]
    pairs += [(_OPTIONS_BACK[option], "1") for option in _list(params.get("buying_options"))]
    pairs += [(short, "1") for name, value, short in _FLAGS if params.get(name) == value]
    if "excluded_sellers" in params:
        pairs += [("_saslop", "2"), ("_sasl", ",".join(_list(params["excluded_sellers"])))]
    if isinstance(params.get("sort"), str):
        pairs.append(("_sop", _SORT_BACK[str(params["sort"])]))
    return f"{site.www}/sch/i.html?{urlencode(pairs)}"
