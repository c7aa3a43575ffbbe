"""What a run of clustering reads: the listings of a watch, titles of the others, and whether there is anything new.

Belongs here: reading what is clustered. Does not: making clusters (``ml.clustering``, a room that this one does not
know), vectors (``embeddings``), runs (``cluster_runs``).
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
import psycopg

from warehouse.cluster_figures import PRICE
from warehouse.cluster_runs import DEFAULT_METHOD
from warehouse.rows import read_rows

# The listings of a watch that are clustered: what its owner keeps out by words or sellers is not.
_OF_WATCH = "app.watch_listings as wl join core.listings as l using (listing_id) where not wl.is_blacklisted"


class ClusterListing(msgspec.Struct, frozen=True):
    """What a listing is clustered by.

    Attributes:
        price: payable, in the watch's currency; None where it is in another, or is no price of the thing.
    """

    listing_id: int
    title: str
    description: str | None
    brand: str | None
    kind: str
    price: Decimal | None


def clustered_listings(
    conn: psycopg.Connection, watch_id: int, *, with_descriptions: bool = False
) -> list[ClusterListing]:
    """Return the listings of a watch by id, those that its owner keeps out left out; gone ones are among them.

    Args:
        conn: any connection.
        watch_id: of which watch.
        with_descriptions: read them too; else they are None.
    """
    return read_rows(
        conn,
        ClusterListing,
        f"""
        select
            l.listing_id, l.title, case when %(described)s then l.description end as description, l.brand, l.kind,
            case
                when l.currency = (select w.currency from app.watches as w where w.watch_id = %(watch_id)s) then {PRICE}
            end as price
        from {_OF_WATCH} and wl.watch_id = %(watch_id)s
        order by l.listing_id
        """,
        {"watch_id": watch_id, "described": with_descriptions},
    )


def titles_of_others(conn: psycopg.Connection, watch_id: int, limit: int) -> list[str]:
    """Return distinct titles that the other active watches found, about as many of each; at most ``limit``, sorted.

    Each watch's oldest listings, so that the answer is much the same from night to night.
    """
    rows = conn.execute(
        """
        with others as (
            select w.watch_id, ceil(%(limit)s::numeric / count(*) over ())::int as share
            from app.watches as w
            where w.is_active and w.watch_id <> %(watch_id)s
                and exists (select 1 from app.watch_listings as wl where wl.watch_id = w.watch_id)
        )
        select distinct t.title
        from others
        cross join lateral (
            select l.title
            from app.watch_listings as wl
            join core.listings as l using (listing_id)
            where wl.watch_id = others.watch_id and not wl.is_blacklisted
            order by wl.listing_id
            limit others.share
        ) as t
        order by t.title
        limit %(limit)s
        """,
        {"watch_id": watch_id, "limit": limit},
    ).fetchall()
    return [title for (title,) in rows]


def watches_with_new_listings(conn: psycopg.Connection) -> list[int]:
    """Return the active watches with a listing that their current run of the default method does not know, by id."""
    rows = conn.execute(
        f"""
        with current_runs as (
            select distinct on (watch_id) watch_id, cluster_run_id
            from ml.cluster_runs
            where state = 'success' and method = %(method)s and watch_id is not null
            order by watch_id, started_at desc, cluster_run_id desc
        )
        select w.watch_id
        from app.watches as w
        left join current_runs as r using (watch_id)
        where w.is_active and exists (
            select 1 from {_OF_WATCH} and wl.watch_id = w.watch_id
                and not exists (
                    select 1 from ml.cluster_members as m
                    where m.cluster_run_id = r.cluster_run_id and m.level = 'product' and m.listing_id = l.listing_id
                )
        )
        order by w.watch_id
        """,
        {"method": DEFAULT_METHOD},
    ).fetchall()
    return [watch_id for (watch_id,) in rows]
