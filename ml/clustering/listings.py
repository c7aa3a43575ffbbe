"""What is clustered: listings as columns, and the distinct titles among them.

Belongs here: the input, checked, and its reduction to distinct titles in an order that does not depend on the order of
the rows. Does not: reading files or tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.clustering.arrays import Floats, Hashes, Integers, Singles
from ml.clustering.plain import plain_titles

# A title is read so far: beyond it come pasted descriptions.
_LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Listings:
    """Columns of n listings.

    Attributes:
        ids: distinct, whatever the caller knows a listing by.
        groups: the watch or category of each: nothing is clustered across groups. None for one group.
        brands: as the source names them, "" for unknown; used for labels only.
        prices: in one currency, nan for unknown; used only to choose between equally good representatives.
        vectors: (n, d) float32 unit vectors of the titles, all of one model, or None.
        photo_hashes: (n,) 64-bit perceptual hashes of the first photo, 0 for none. They confirm, never propose.

    Raises:
        ValueError: a column is of another length, or two ids are equal.
    """

    ids: Sequence[str]
    titles: Sequence[str]
    groups: Sequence[str] | None = None
    brands: Sequence[str] | None = None
    prices: Floats | None = None
    vectors: Singles | None = None
    photo_hashes: Hashes | None = None

    def __post_init__(self) -> None:
        for name in ("titles", "groups", "brands", "prices", "vectors", "photo_hashes"):
            column = getattr(self, name)
            if column is not None and len(column) != len(self.ids):
                raise ValueError(f"{name} holds {len(column)} values for {len(self.ids)} ids")
        if len(set(self.ids)) != len(self.ids):
            raise ValueError("two listings have the same id: give every listing its own")

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Units:
    """The distinct (group, title) pairs of listings, sorted, so that the order of the rows changes nothing.

    Attributes:
        of: (n,) the unit of each listing.
        titles: as they are compared (``plain``); groups: (units,) numbers from 0 in the order of the groups' names.
        first: (units,) the listing with the least id: it lends the unit its vector and photo.
        counts: (units,) listings each.
    """

    of: Integers
    titles: tuple[str, ...]
    groups: Integers
    first: Integers
    counts: Integers

    def __len__(self) -> int:
        return len(self.titles)


def units_of(listings: Listings) -> Units:
    """Return the distinct titles of listings."""
    groups = listings.groups if listings.groups is not None else [""] * len(listings)
    titles = [title[:_LONGEST_TITLE] for title in listings.titles]
    keys = list(zip(groups, plain_titles(titles, groups), strict=True))
    distinct = sorted(set(keys))
    number = {key: unit for unit, key in enumerate(distinct)}
    group_number = {group: place for place, group in enumerate(sorted({group for group, _ in distinct}))}
    of = np.fromiter((number[key] for key in keys), dtype=np.int64, count=len(keys))
    first = np.full(len(distinct), -1, dtype=np.int64)
    for row in sorted(range(len(keys)), key=listings.ids.__getitem__, reverse=True):
        first[of[row]] = row
    return Units(
        of=of,
        titles=tuple(title for _, title in distinct),
        groups=np.fromiter((group_number[group] for group, _ in distinct), dtype=np.int64, count=len(distinct)),
        first=first,
        counts=np.bincount(of, minlength=len(distinct)).astype(np.int64),
    )
