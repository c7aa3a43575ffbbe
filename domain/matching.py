"""Does a listing satisfy a watch? For pages that no search of ours fetched, such as imported recordings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from domain.blacklist import fold
from domain.listing import Listing
from domain.watch import Watch

# What can be told from a listing alone. A watch with any other filter is matched by `--watch` only, never guessed.
_TELLABLE = {"search_text", "price_from", "price_to", "currency", "order"}


def satisfies(watch: Watch, listing: Listing) -> bool:
    """Say whether a listing would be in the watch's search, as far as the listing itself can tell.

    Every word of the search text must occur in title, brand or description; the price must lie within the search's
    bounds, in the watch's currency. A watch with filters that a listing does not show (brand ids, sizes) is not
    satisfied by anything.
    """
    if set(watch.params) - _TELLABLE or listing.source != watch.source or listing.currency != watch.currency:
        return False
    text = watch.params.get("search_text", "")
    if not isinstance(text, str) or not text.strip():
        return False
    haystack = fold(" ".join(part for part in (listing.title, listing.brand, listing.description) if part)).casefold()
    return all(word in haystack for word in fold(text).casefold().split()) and _within(watch.params, listing.price)


def _within(params: Mapping[str, str | list[str]], price: Decimal) -> bool:
    low, high = params.get("price_from"), params.get("price_to")
    return (not isinstance(low, str) or price >= Decimal(low)) and (not isinstance(high, str) or price <= Decimal(high))
