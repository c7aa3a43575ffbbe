"""An Amazon address that a user pastes: a product's, or a search's; read into parameters and written back.

Belongs here: which addresses and parameters are understood. Does not: fetching.

A product's address becomes ``{"url": ...}``, the short ``/dp/{ASIN}`` form, whatever tracking hung on it. A search
keeps its words, department, refinements, price bounds and order; parameters that only say how one came there are
dropped, and any other is an error that names it. Parameter names after addresses of 2019-2025; the search page of today
is unverified.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from scrapers.amazon.domains import SITES, SOURCE_NAME, Place, base_of, place_of
from scrapers.contract import ParsedSearch, SearchUrlError
from scrapers.pasted_address import pasted_address

Params = dict[str, str | list[str]]

ASIN = re.compile(r"[A-Z0-9]{10}")
_PRODUCT_PATH = re.compile(
    r"(?:/-/[a-z]{2}(?:_[A-Z]{2})?)?(?:/[^/]+)?"
    r"/(?:dp|gp/product|gp/aw/d|gp/offer-listing|exec/obidos/ASIN|exec/obidos/tg/detail/-|o/ASIN|product)"
    r"/(?P<asin>[A-Za-z0-9]{10})(?:/.*)?"
)
_SEARCH_PATH = re.compile(r"(?:/-/[a-z]{2}(?:_[A-Z]{2})?)?(?:/[^/]+)?/s(?:/.*)?|/gp/search(?:/.*)?|/mn/search(?:/.*)?")
# Our name -> the site's.
_SEARCH_PARAMS = {
    "search_text": "k",
    "department": "i",
    "refinements": "rh",
    "browse_node": "bbn",
    "node": "node",
    "seller": "me",
    "price_from": "low-price",
    "price_to": "high-price",
    "order": "s",
}
_OUR_NAME = {theirs: ours for ours, theirs in _SEARCH_PARAMS.items()} | {"field-keywords": "search_text"}
# They say how one came to a page, which tab was open, or in which language it is shown; they select nothing.
_DROPPED = re.compile(
    r"ref|ref_|qid|sprefix|crid|dib|dib_tag|sr|th|psc|ie|_encoding|keywords|tag|linkcode|linkid|link_code|camp|creative"
    r"|creativeasin|ascsubtag|content-id|language|currency|page|qu|rnid|ds|xpid|cv_ct_cx|sbo|spla|sp_csd|spc|spia"
    r"|colid|coliid|aod|pldnsite|dchild|lp_asin|store_ref|hvadid|hv[a-z]+|gclid|fbclid|gad_source|gbraid|wbraid|msclkid|mcid|smid_ref"
    r"|asin|redirectasin|redirect|v|s_ref|social_share|starsleft|skiptwisterog|titlesource|bestformat|newogt"
    r"|__mk_[a-z_]+|utm_[a-z]+|p[df]_rd_[a-z]+|adgrpid|_rd_[a-z]+|plattr|pd_rd_wg|ots|slotnum|detailpagedynamicupdate"
)
_MISUNDERSTOOD = {
    "smid": "it selects one seller's offer, and the page's own offer is what is watched",
    "m": "it selects one seller's offer, and the page's own offer is what is watched",
    "condition": "it selects used offers, and the page's own offer is what is watched",
    "f_condition": "it selects used offers, and the page's own offer is what is watched",
}
_MONEY = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,2})?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def parse_search_url(url: str, *, sandbox_url: str | None = None) -> ParsedSearch:
    """Read a product's or a search's address of any Amazon country, or of the sandbox where one is set.

    Raises:
        SearchUrlError: naming each parameter or value that is not understood.
    """
    text, place = _locate(url, sandbox_url)
    site = place.site
    pairs = _pairs(text)
    product = _PRODUCT_PATH.fullmatch(place.path)
    params: Params
    if product:
        _check_product(pairs)
        params = {"url": f"{base_of(site.country)}/dp/{product.group('asin').upper()}"}
    elif _SEARCH_PATH.fullmatch(place.path):
        params = dict(_search_params(pairs))
    else:
        raise SearchUrlError(
            f"the page {place.path[:80]!r} is neither a product (/dp/ASIN) nor a search (/s?k=words); "
            "open one of these on Amazon and paste its address"
        )
    return ParsedSearch(
        source=SOURCE_NAME,
        country=site.country,
        currency=site.currency,
        params=params,
        canonical_url=write_search_url(params, base=base_of(site.country)),
    )


def write_search_url(params: Mapping[str, str | list[str]], *, base: str, page: int = 1) -> str:
    """Write parameters as the site's own address under ``base`` (``https://www.amazon.de``)."""
    url = params.get("url")
    if isinstance(url, str):
        return f"{base}{urlsplit(url).path.removeprefix('/amazon')}" if place_of(url) is None else _under(url, base)
    pairs = [(theirs, str(params[ours])) for ours, theirs in _SEARCH_PARAMS.items() if params.get(ours)]
    if page > 1:
        pairs.append(("page", str(page)))
    return f"{base}/s?{urlencode(pairs, quote_via=quote)}"


def asin_of(url: str) -> str | None:
    """Return the ASIN that an address names, or None."""
    place = place_of(url)
    match = _PRODUCT_PATH.fullmatch(place.path) if place else None
    return match.group("asin").upper() if match else None


def _under(url: str, base: str) -> str:
    asin = asin_of(url)
    return f"{base}/dp/{asin}" if asin else base


def _locate(url: str, sandbox_url: str | None) -> tuple[str, Place]:
    text, _, host = pasted_address(url)
    if host in {"a.co", "amzn.to", "amzn.eu", "amzn.com", "amzn.asia"}:
        raise SearchUrlError(
            f"{host} shortens addresses: open the link in a browser and paste the address of the page it leads to"
        )
    place = place_of(text)
    if place is None or ("amazon." not in host and not (sandbox_url and text.startswith(sandbox_url.rstrip("/")))):
        raise SearchUrlError(
            f"{host[:80]!r} is not an Amazon site that is known; paste the address of a product such as "
            f"https://www.amazon.de/dp/B004SNMXRS, or of a search (countries: {', '.join(SITES)})"
        )
    return text, place


def _pairs(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=200, errors="replace")
    except ValueError as error:
        raise SearchUrlError("the address has more than 200 parameters; Amazon's have a few") from error


def _check_product(pairs: list[tuple[str, str]]) -> None:
    # A search that a product was found by leaves its words in the product's address.
    unknown = [name for name, value in pairs if value and not _is_dropped(name) and name not in {"k", "i", "s", "rh"}]
    if unknown:
        raise SearchUrlError(_unknown_words(unknown, "remove it from the address"))


def _search_params(pairs: list[tuple[str, str]]) -> dict[str, str]:
    params: dict[str, str] = {}
    unknown: list[str] = []
    for name, raw in pairs:
        value = " ".join(_CONTROL.sub(" ", raw).split())
        if not value:
            continue
        if name == "url":
            value = value.removeprefix("search-alias=")
            if value != "aps":
                params["department"] = value
        elif name in _OUR_NAME:
            params[_OUR_NAME[name]] = value[:500]
        elif not _is_dropped(name):
            unknown.append(name)
    if unknown:
        raise SearchUrlError(_unknown_words(unknown, f"known: {', '.join(_SEARCH_PARAMS.values())}"))
    _check_search(params)
    return {name: params[name] for name in _SEARCH_PARAMS if name in params}


def _check_search(params: Mapping[str, str]) -> None:
    for name in ("price_from", "price_to"):
        if name in params and not _MONEY.fullmatch(params[name]):
            raise SearchUrlError(f"{_SEARCH_PARAMS[name]} must be an amount such as 25 or 19.99, not {params[name]!r}")
    if not {"search_text", "refinements", "browse_node", "node", "seller"} & params.keys():
        raise SearchUrlError("this search has neither words (k=) nor a category (rh=, node=); add one")


def _is_dropped(name: str) -> bool:
    return _DROPPED.fullmatch(name.lower()) is not None


def _unknown_words(names: list[str], hint: str) -> str:
    said = [f"{' '.join(name.split())[:60]}" for name in dict.fromkeys(names)]
    named = ", ".join(f"{name} ({_MISUNDERSTOOD[name]})" if name in _MISUNDERSTOOD else name for name in said)
    noun = "parameter" if len(said) == 1 else "parameters"
    return f"This address is not understood: unknown {noun} {named}; {hint}."
