"""The frame that the items suite looks at.

Belongs here: listings to columns. Does not: checks. pandas is imported when it is needed, not before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from domain.listing import Listing

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("source", "external_id", "url", "title", "price", "total_price", "currency", "condition", "brand")


def items_frame(listings: Iterable[Listing]) -> pd.DataFrame:
    """Return one row a listing with the columns of ``ITEMS_SUITE``.

    Prices are floats here, in major units of ``currency``: they are compared with bounds and then thrown away, never
    stored. Sellers, descriptions and pictures are left out, since nothing checks them.
    """
    return frame_of_rows(
        (
            listing.source,
            listing.external_id,
            listing.url,
            listing.title,
            float(listing.price),
            None if listing.total_price is None else float(listing.total_price),
            listing.currency,
            str(listing.condition),
            listing.brand,
        )
        for listing in listings
    )


def frame_of_rows(rows: Iterable[Sequence[object]]) -> pd.DataFrame:
    """Return rows in the order of ``COLUMNS`` as the suite's frame."""
    import pandas as pd  # noqa: PLC0415  # half a second that a poll without checks should not pay

    frame = pd.DataFrame([tuple(row) for row in rows], columns=list(COLUMNS))
    return frame.astype({"price": "float64", "total_price": "float64"})
