"""Canonical parameters to what the Browse API is sent.

Only listings with a fixed price come back by default; auctions have to be asked for by name (contract, buyingOptions).
"""

from __future__ import annotations

from decimal import Decimal

from scrapers.ebay.search_url import Params
from scrapers.ebay.sites import Site

LIMIT = 200
# Contract: offset 0 to 9,999; since 2025-11-19 it must be 0 or a multiple of limit (matecsaj/ebay_rest#102).
MAX_OFFSET = 10_000
_COUNTRY_CODE = {"co.uk": "GB", "com": "US", "com.au": "AU", "com.hk": "HK", "com.sg": "SG"}


def search_params(
    params: Params, site: Site, *, offset: int = 0, price_range: tuple[Decimal | None, Decimal | None] | None = None
) -> list[tuple[str, str]]:
    """Return the query of one page of a search.

    Args:
        offset: 0 or a multiple of 200, below 10,000.
        price_range: in place of the watch's own, where a search is read in parts; currency of the site.

    Raises:
        ValueError: for an offset that the API refuses.
    """
    if offset % LIMIT or not 0 <= offset < MAX_OFFSET:
        raise ValueError(f"offset {offset} is not a multiple of {LIMIT} below {MAX_OFFSET}")
    pairs: list[tuple[str, str]] = []
    if isinstance(params.get("search_text"), str):
        pairs.append(("q", str(params["search_text"])))
    if isinstance(params.get("category_ids"), str):
        pairs.append(("category_ids", str(params["category_ids"])))
    brands = _values(params, "brands")
    if brands and isinstance(params.get("category_ids"), str):
        pairs.append(("aspect_filter", f"categoryId:{params['category_ids']},Brand:{{{'|'.join(brands)}}}"))
    filters = _filters(params, site, price_range)
    if filters:
        pairs.append(("filter", ",".join(filters)))
    pairs.append(("sort", str(params.get("sort") or "newlyListed")))
    pairs += [("limit", str(LIMIT)), ("offset", str(offset))]
    return pairs


def price_range_of(params: Params) -> tuple[Decimal | None, Decimal | None]:
    """Return the price limits of a search."""
    low, high = params.get("price_from"), params.get("price_to")
    return (Decimal(low) if isinstance(low, str) else None, Decimal(high) if isinstance(high, str) else None)


def split(low: Decimal | None, high: Decimal | None) -> tuple[tuple[Decimal | None, Decimal | None], ...]:
    """Return two ranges that together are this one, with about as many listings in each; () for a single cent.

    Prices spread over magnitudes: the cut is the geometric mean, and an open end is cut at ten times the lower one.
    """
    bottom = max(low or Decimal(0), Decimal("0.01"))
    middle = (max(bottom * 10, Decimal(10)) if high is None else (bottom * high).sqrt()).quantize(Decimal("0.01"))
    if high is not None and not (low or Decimal(0)) <= middle < high:
        return ()
    return ((low, middle), (middle + Decimal("0.01"), high))


def _filters(params: Params, site: Site, price_range: tuple[Decimal | None, Decimal | None] | None) -> list[str]:
    filters = []
    options = _values(params, "buying_options")
    filters.append(f"buyingOptions:{{{'|'.join(options or ['FIXED_PRICE'])}}}")
    if _values(params, "condition_ids"):
        filters.append(f"conditionIds:{{{'|'.join(_values(params, 'condition_ids'))}}}")
    low, high = price_range_of(params) if price_range is None else price_range
    if low is not None or high is not None:
        bounds = f"{'' if low is None else format(low, 'f')}..{'' if high is None else format(high, 'f')}"
        filters += [f"price:[{bounds}]", f"priceCurrency:{site.currency}"]
    for name, short in (("sellers", "sellers"), ("excluded_sellers", "excludeSellers")):
        if _values(params, name):
            filters.append(f"{short}:{{{'|'.join(_values(params, name))}}}")
    if params.get("located") == "home":
        filters.append(f"itemLocationCountry:{_COUNTRY_CODE.get(site.country, site.country.upper())}")
    if "free_shipping" in params:
        filters.append("maxDeliveryCost:0")
    if "in_description" in params:
        filters.append("searchInDescription:true")
    return filters


def _values(params: Params, name: str) -> list[str]:
    value = params.get(name)
    return [] if value is None else [value] if isinstance(value, str) else list(value)
