"""The frame that the items suite looks at.

Belongs here: listings to columns. Does not: checks. pandas is imported when it is needed, not before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from domain.listing import Listing

if TYPE_CHECKING:
    import pandas as pd


def items_frame(listings: Iterable[Listing]) -> pd.DataFrame:
    """Return one row a listing with the columns of ``ITEMS_SUITE``.

    Prices are floats here, in major units of ``currency``: they are compared with bounds and then thrown away, never
    stored. Sellers, descriptions and pictures are left out, since nothing checks them.
    """
    import pandas as pd  # noqa: PLC0415  # half a second that a poll without checks should not pay

    rows = [
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
    ]
    columns = ["source", "external_id", "url", "title", "price", "total_price", "currency", "condition", "brand"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"price": "float64", "total_price": "float64"})
