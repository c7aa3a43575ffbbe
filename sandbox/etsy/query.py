"""The parameters of ``findAllListingsActive``, read as the contract has them; what it refuses is a ``SearchError``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

_SORTS = frozenset({"created", "price", "updated", "score"})
_DIRECTIONS = {"asc": True, "ascending": True, "up": True, "desc": False, "descending": False, "down": False}
_NAMES = frozenset({
    "limit", "offset", "keywords", "sort_on", "sort_order", "min_price", "max_price", "taxonomy_id", "shop_location",
})  # fmt: skip
# Etsy parses free texts; the sandbox knows the countries of its market and a city of each.
_PLACES = {
    "united states": "US", "new york": "US", "france": "FR", "paris": "FR", "germany": "DE", "berlin": "DE",
    "italy": "IT", "rome": "IT", "netherlands": "NL", "amsterdam": "NL", "united kingdom": "GB", "london": "GB",
    "poland": "PL", "warsaw": "PL", "spain": "ES", "madrid": "ES",
}  # fmt: skip


class SearchError(ValueError):
    """A parameter that the real API refuses with 400; the message goes into its ``error``."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched; prices in US cents.

    Attributes:
        is_ordered: ``sort_on`` and ``sort_order`` count only beside a search option; else newest first.
    """

    keywords: str
    limit: int
    offset: int
    low: int
    high: int
    taxonomy: int | None
    country: str | None
    sort_on: str
    ascending: bool
    is_ordered: bool


def read_search(query: Mapping[str, str]) -> Search:
    """Read a search.

    Raises:
        SearchError: as the real API refuses.
    """
    unknown = sorted(set(query) - _NAMES)
    if unknown:
        raise SearchError(f"Unknown parameter: {', '.join(unknown)}")
    sort_on, direction = query.get("sort_on", "created"), query.get("sort_order", "desc")
    if sort_on not in _SORTS or direction not in _DIRECTIONS:
        raise SearchError(f"Invalid sort: {sort_on} {direction}")
    place = query.get("shop_location")
    country = None if place is None else _PLACES.get(place.split(",")[0].strip().lower())
    if place is not None and country is None:
        raise SearchError("shop_location could not be parsed")
    return Search(
        keywords=query.get("keywords", ""),
        # More than 100 is cut without a word.
        limit=min(_whole(query, "limit", 25, 1), 100),
        offset=_whole(query, "offset", 0, 0),
        low=_cents(query, "min_price", 0),
        high=_cents(query, "max_price", 10**12),
        taxonomy=None if "taxonomy_id" not in query else _whole(query, "taxonomy_id", 1, 1),
        country=country,
        sort_on=sort_on,
        ascending=_DIRECTIONS[direction],
        is_ordered=any(
            name in query for name in ("keywords", "taxonomy_id", "shop_location", "min_price", "max_price")
        ),
    )


def _whole(query: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = query.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
        raise SearchError(f"Invalid value for {name}: it must be a whole number of at least {least}")
    return int(text)


def _cents(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]+)?", text):
        raise SearchError(f"Invalid value for {name}: it must be a number")
    return int(Decimal(text) * 100)
