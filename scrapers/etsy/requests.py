"""Canonical parameters to what the Open API is sent, and a search that is too large cut into price ranges.

Belongs here: query parameters and the API's own bounds. Does not: HTTP, Etsy's website (``search_url``).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from scrapers.etsy.search_url import Params

# Contract: limit 1 to 100; more is cut without a word (Etsy/open-api#422).
LIMIT = 100
# Offset 12,001 is refused, whatever `count` says (Etsy/open-api#344).
MAX_OFFSET = 12_000
REACH = MAX_OFFSET + LIMIT
"""How many listings of one search can be seen."""
PriceRange = tuple[Decimal | None, Decimal | None]
_CENT = Decimal("0.01")
_NAMES = (("search_text", "keywords"), ("taxonomy_id", "taxonomy_id"), ("shop_location", "shop_location"))


def search_params(
    params: Params, *, offset: int = 0, price_range: PriceRange | None = None, ordered: bool = True
) -> list[tuple[str, str]]:
    """Return the query of one page of ``findAllListingsActive``; newest first where no order is asked for.

    Args:
        offset: 0 to 12,000.
        price_range: in place of the watch's own, where a search is read in parts.
        ordered: False leaves ``sort_on`` and ``sort_order`` out; newest first is then Etsy's default.

    Raises:
        ValueError: for an offset that Etsy refuses.
    """
    if not 0 <= offset <= MAX_OFFSET:
        raise ValueError(f"offset {offset} is not between 0 and {MAX_OFFSET}")
    pairs = [(name, str(params[canonical])) for canonical, name in _NAMES if params.get(canonical)]
    low, high = price_range_of(params) if price_range is None else price_range
    pairs += [
        (name, format(bound, "f")) for name, bound in (("min_price", low), ("max_price", high)) if bound is not None
    ]
    if ordered:
        sort_on, _, direction = str(params.get("order") or "created").partition("_")
        pairs += [("sort_on", sort_on), ("sort_order", direction or "down")]
    return [*pairs, ("limit", str(LIMIT)), ("offset", str(offset))]


def batch_params(listing_ids: Iterable[str]) -> list[tuple[str, str]]:
    """Return the query that gives up to 100 listings with images and shop."""
    return [("listing_ids", ",".join(listing_ids)), *ITEM_PARAMS]


ITEM_PARAMS = [("includes", "Images,Shop")]


def price_range_of(params: Params) -> PriceRange:
    """Return the price limits of a search."""
    low, high = params.get("price_from"), params.get("price_to")
    return (Decimal(low) if isinstance(low, str) else None, Decimal(high) if isinstance(high, str) else None)


def halves(price_range: PriceRange) -> tuple[PriceRange, ...]:
    """Return two ranges that together are this one, with about as many listings in each; () where it is too narrow.

    They share their cut: shops ask in their own currencies, so that a converted price may lie between two cents, and a
    listing seen twice costs nothing. Prices spread over magnitudes: the cut is the geometric mean, and an open end is
    cut at ten times the lower one.
    """
    low, high = price_range
    bottom = max(low or Decimal(0), _CENT)
    middle = max(bottom * 10, Decimal(10)) if high is None else (bottom * high).sqrt()
    middle = middle.quantize(_CENT)
    if not (low or Decimal(0)) < middle or (high is not None and not middle < high):
        return ()
    return ((low, middle), (middle, high))
