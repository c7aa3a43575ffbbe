"""Words to listings: an index for words-AND search over title and brand, and the filters and orders of a search.

Matching forgives what the real search forgives: case, accents, apostrophes, and whether a model is written
`WH-1000XM4`, `WH1000XM4` or `WH 1000XM4`.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sandbox import prices

if TYPE_CHECKING:
    from sandbox.items import Item
    from sandbox.locales import Country
    from sandbox.market import Market

ORDERS = ("newest_first", "relevance", "price_low_to_high", "price_high_to_low")


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).replace("'", "").replace("\u2019", "")


def _alnum(word: str) -> str:
    return "".join(c for c in word if c.isalnum())


def words_of(text: str) -> list[str]:
    """Return the words of a query or title, folded; ``WH-1000XM4`` is one word."""
    return [word for raw in _plain(text).split() if (word := _alnum(raw))]


def _searchable(text: str) -> set[str]:
    words = words_of(text)
    parts = words_of("".join(c if c.isalnum() else " " for c in _plain(text)))
    pairs = {first + second for first, second in itertools.pairwise(parts)}
    return {*words, *parts, *pairs}


class SearchIndex:
    """Which listings, by position in the market, hold a word."""

    def __init__(self) -> None:
        self._count = 0
        self._positions: dict[str, list[int]] = {}

    def add(self, title: str, brand: str | None) -> None:
        """Add the next listing."""
        for word in _searchable(title) | _searchable(brand or ""):
            self._positions.setdefault(word, []).append(self._count)
        self._count += 1

    def newest_first(self, text: str, count: int) -> Iterator[int]:
        """Yield the positions below ``count`` whose listing holds every word, from the last to the first."""
        words = words_of(text)
        if not words:
            yield from range(count - 1, -1, -1)
            return
        postings = sorted((self._positions.get(word, []) for word in words), key=len)
        others = [set(posting) for posting in postings[1:]]
        shortest = postings[0]
        for place in range(bisect.bisect_left(shortest, count) - 1, -1, -1):
            position = shortest[place]
            if all(position in other for other in others):
                yield position


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A search on one country site; prices are minor units of that site's currency, empty sets filter nothing."""

    text: str = ""
    page: int = 1
    per_page: int = 96
    order: str = "relevance"
    price_from: int | None = None
    price_to: int | None = None
    catalogs: frozenset[int] = frozenset()
    brands: frozenset[int] = frozenset()
    sizes: frozenset[int] = frozenset()
    colours: frozenset[int] = frozenset()
    materials: frozenset[int] = frozenset()
    grades: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page of a search, and how many listings the search finds in all (not capped)."""

    items: Sequence[Item]
    found: int


def search(market: Market, request: SearchRequest, country: Country, at: datetime) -> SearchResult:
    """Run a search as the site of ``country`` does: listings of all countries, prices in its currency.

    Raises:
        MarketTimeError: for a time the market cannot tell about.
    """
    moment = int(at.timestamp())
    found = [item for item in market.matching(request.text, at) if _passes(item, request, country, moment)]
    if request.order == "relevance":
        # The real relevance order is a shuffled draw: a replay shared 50 of 96 items. It changes by the minute here.
        found.sort(key=lambda item: _shuffle_key(item.item_id, moment // 60))
    elif request.order != "newest_first":
        falling = request.order == "price_high_to_low"
        found.sort(key=lambda item: _price(item, country, moment), reverse=falling)
    first = (request.page - 1) * request.per_page
    return SearchResult(found[first : first + request.per_page], len(found))


def _shuffle_key(item_id: int, draw: int) -> bytes:
    return hashlib.blake2b(f"{item_id}|{draw}".encode(), digest_size=8).digest()


def _price(item: Item, country: Country, moment: int) -> int:
    return prices.convert(item.price_at(moment), item.currency, country.currency)


def _passes(item: Item, request: SearchRequest, country: Country, moment: int) -> bool:
    family = item.family
    wanted = (
        (request.catalogs, family.catalog_id),
        (request.brands, family.brand_id if item.brand else None),
        (request.sizes, family.sizes.get(item.size or "")),
        (request.colours, item.colour.colour_id),
        (request.materials, family.material_id),
        (request.grades, int(item.grade)),
    )
    if any(allowed and value not in allowed for allowed, value in wanted):
        return False
    if request.price_from is None and request.price_to is None:
        return True
    price = _price(item, country, moment)
    return (request.price_from or 0) <= price and (request.price_to is None or price <= request.price_to)
