"""Reading the newest fair prices: which listings on offer are the most underpriced.

Belongs here: ``ml.fair_prices`` as it is shown. Does not: writing it (``warehouse.price_models``).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import psycopg

from warehouse.rows import read_rows


class Underpriced(msgspec.Struct, frozen=True, kw_only=True):
    """A listing on offer with what it should cost within a watch; amounts in ``currency``, the watch's.

    Attributes:
        price: payable, as the model saw it; listings whose price changed since are left out until the next run.
        low, high: of the 90 % interval.
        p_value: share of ordinary listings that are as cheap for what they are.
        n_effective: comparables.
        verdict: under the watch's false-alarm budget, with its sentence in ``notes``.
        comparables: five, nearest first.
    """

    watch_id: int
    watch_name: str
    listing_id: int
    source: str
    title: str
    url: str
    condition: str
    kind: str
    price: Decimal
    currency: str
    expected: Decimal
    low: Decimal | None
    high: Decimal | None
    discount_percent: Decimal | None
    p_value: float | None
    n_effective: float | None
    tier: str
    verdict: str
    notes: list[str]
    comparables: list[dict[str, Any]]
    estimated_at: datetime


def most_underpriced(
    conn: psycopg.Connection, *, watch_id: int | None = None, limit: int = 25, with_doubtful: bool = False
) -> list[Underpriced]:
    """Return the listings on offer that are the cheapest for what they are, the most underpriced first.

    One found by several watches stands under that where it is the rarest. Left out: what its owner hid or keeps out of
    the watch, what costs no less than expected, and, unless ``with_doubtful``, what is to be looked at first or of no
    kind that the watch asks for.

    Args:
        conn: any connection.
        watch_id: of this watch; None for all.
        limit: how many.
        with_doubtful: also prices that are too good to be true, and other kinds.
    """
    return read_rows(
        conn,
        Underpriced,
        """
        select * from (
            select distinct on (f.listing_id)
                f.watch_id, w.name as watch_name, f.listing_id, l.source, l.title, l.url, l.condition,
                f.listing_kind as kind, f.price, f.currency, f.expected, f.low, f.high, f.discount_percent, f.p_value,
                f.n_effective, f.tier, f.verdict, f.notes, f.comparables, f.estimated_at, f.score
            from ml.fair_prices as f
            join app.watches as w using (watch_id)
            join app.watch_listings as wl using (watch_id, listing_id)
            join core.listings as l using (listing_id)
            join core.listing_state as s using (listing_id)
            where
                f.expected > f.price and s.is_active and s.price_changed_at <= f.estimated_at and not wl.is_blacklisted
                and (%(watch_id)s::bigint is null or f.watch_id = %(watch_id)s)
                and (%(with_doubtful)s or f.verdict not in ('check_first', 'excluded'))
                and not exists (select from app.hidden as h where h.owner = w.owner and h.listing_id = f.listing_id)
            order by f.listing_id, f.p_value asc nulls last, f.watch_id
        ) as best
        order by p_value asc nulls last, score desc nulls last, listing_id
        limit %(limit)s
        """,
        {"watch_id": watch_id, "limit": limit, "with_doubtful": with_doubtful},
    )
