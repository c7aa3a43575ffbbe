"""Listings as arrays: the one shape that everything in ``ml.pricing`` reads.

Belongs here: the container, choosing rows, codes of groups, order in time. Does not: reading files, exchange rates
(all prices of one ``Listings`` are in one currency), kinds (``ml.kinds`` says them, here they are only compared).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

NORMAL_KIND = "normal"
# The unit separator: no id of a marketplace or of a file of words holds one.
_PLACE = "\x1f"


class PricingError(ValueError):
    """Listings that cannot be priced; the message says what to do."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Listings:
    """Parallel columns, one entry a listing. Two are equal only where they are one: what is known of a pool is kept.

    Attributes:
        ids: unique within one ``Listings``; the same id in history and stream is the same item, and so are ids that
            ``placed_id`` made of one item.
        titles: as shown by the marketplace.
        prices: what the buyer pays, positive, major units, all in one currency.
        watches, brands, conditions: free words; empty where unknown.
        kinds: what is sold; only things of one kind are compared.
        first_seen: seconds since 1970 (UTC); NaN where unknown, which then counts as "always known".
        attributes: further numbers (year, mileage, ...), NaN where missing.
        vectors: unit length text embeddings, shape (n, d), all of one model; None where there are none.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    prices: Floats
    watches: tuple[str, ...]
    brands: tuple[str, ...]
    conditions: tuple[str, ...]
    kinds: tuple[str, ...]
    first_seen: Floats
    attributes: Mapping[str, Floats] = field(default_factory=dict)
    vectors: Singles | None = None

    def __post_init__(self) -> None:
        n = len(self.ids)
        sizes = {f.name: len(getattr(self, f.name)) for f in fields(self) if f.name not in {"attributes", "vectors"}}
        sizes |= {f"attribute {name}": len(column) for name, column in self.attributes.items()}
        if self.vectors is not None:
            sizes["vectors"] = len(self.vectors)
        wrong = {name: size for name, size in sizes.items() if size != n}
        if wrong:
            raise PricingError(f"columns of different length: ids {n}, {wrong}")
        if n and not bool(np.all(np.isfinite(self.prices) & (self.prices > 0))):
            raise PricingError(
                "a price is missing or not positive; leave such listings out, they have nothing to compare"
            )

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Integers) -> Listings:
        """Return the chosen rows, in the order given."""

        def pick(column: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(column[row] for row in rows)

        return Listings(
            ids=pick(self.ids),
            titles=pick(self.titles),
            prices=self.prices[rows],
            watches=pick(self.watches),
            brands=pick(self.brands),
            conditions=pick(self.conditions),
            kinds=pick(self.kinds),
            first_seen=self.first_seen[rows],
            attributes={name: column[rows] for name, column in self.attributes.items()},
            vectors=None if self.vectors is None else self.vectors[rows],
        )


def listings(
    ids: Sequence[str],
    titles: Sequence[str],
    prices: Sequence[float] | Floats,
    *,
    watches: Sequence[str] | None = None,
    brands: Sequence[str] | None = None,
    conditions: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    first_seen: Sequence[float] | Floats | None = None,
    attributes: Mapping[str, Sequence[float] | Floats] | None = None,
    vectors: Singles | None = None,
) -> Listings:
    """Build ``Listings`` from what is known; what is not given is unknown for every row.

    Raises:
        PricingError: for columns of different length or prices that are not positive.
    """
    n = len(ids)
    blank = ("",) * n
    return Listings(
        ids=tuple(ids),
        titles=tuple(titles),
        prices=np.asarray(prices, dtype=np.float64),
        watches=blank if watches is None else tuple(watches),
        brands=blank if brands is None else tuple(brands),
        conditions=blank if conditions is None else tuple(conditions),
        kinds=(NORMAL_KIND,) * n if kinds is None else tuple(kinds),
        first_seen=np.full(n, np.nan) if first_seen is None else np.asarray(first_seen, dtype=np.float64),
        attributes={name: np.asarray(column, dtype=np.float64) for name, column in (attributes or {}).items()},
        vectors=None if vectors is None else np.asarray(vectors, dtype=np.float32),
    )


def placed_id(item: str, place: str) -> str:
    """Return the id of an item that stands in several places (under several watches), each with a row of its own."""
    return f"{item}{_PLACE}{place}"


def item_of(row_id: str) -> str:
    """Return the item that a row is of: rows of one item are never compared with one another."""
    return row_id.partition(_PLACE)[0]


def time_order(first_seen: Floats) -> Integers:
    """Return the rows from the earliest to the latest; unknown times first, ties in the order given."""
    return np.argsort(np.where(np.isnan(first_seen), -np.inf, first_seen), kind="stable").astype(np.int64)
