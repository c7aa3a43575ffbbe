"""Clusters as they are shown: overview, one cluster, the unique listings, where a listing belongs.

Belongs here: reading. Does not: storing (``warehouse.clusters``).

Prices are payable ones, in the currency that most of a cluster's are in. Ids of clusters that are no more lead on
through ``resolve_cluster``.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec
import psycopg

from warehouse.cluster_figures import FIGURES, PRICED
from warehouse.cluster_runs import DEFAULT_METHOD, Level
from warehouse.rows import read_rows


class ClusterLine(msgspec.Struct, frozen=True):
    """A cluster within a run.

    Attributes:
        kind: of its listings, see ``domain.listing_kind``: no cluster holds two.
        n_active: its listings that are for sale as far as is known.
        cohesion: mean probability that two of its members are the same thing.
        born_at: start of the run that found it first; None where that run is not known any more.
    """

    cluster_id: str
    level: Level
    label: str
    terms: list[str]
    kind: str
    size: int
    n_active: int
    lowest_price: Decimal | None
    median_price: Decimal | None
    highest_price: Decimal | None
    currency: str | None
    cohesion: float | None
    representative_id: int | None
    title: str | None
    image_url: str | None
    born_at: datetime | None


class MemberLine(msgspec.Struct, frozen=True):
    """A listing within a run.

    Attributes:
        seller: one name per seller over all sources, None where it is not known.
        probability: mean over the other members that it is the same thing; None for a unique listing.
        distance: to the cluster's centroid, where the method has one.
        assigned_by: full, or incremental where it joined after the full run.
        url: of the listing; image_url: of its first photo.
    """

    listing_id: int
    title: str
    url: str
    source: str
    kind: str
    condition: str
    price: Decimal
    currency: str
    seller: str | None
    image_url: str | None
    is_active: bool
    first_seen_at: datetime
    probability: float | None
    distance: float | None
    is_representative: bool
    assigned_by: str


class ListingPlace(msgspec.Struct, frozen=True):
    """Where a watch's current run put a listing; without a cluster it is unique there."""

    watch_id: int
    watch: str
    cluster_run_id: int
    level: Level
    cluster_id: str | None
    label: str | None
    size: int | None
    probability: float | None
    is_representative: bool


class TransitionLine(msgspec.Struct, frozen=True):
    """What became of a cluster in a run, with the names as they are now."""

    kind: str
    from_id: str | None
    from_label: str | None
    to_id: str | None
    to_label: str | None
    overlap: float | None


_MEMBER = """
    l.listing_id, l.title, l.url, l.source, l.kind, l.condition, coalesce(l.total_price, l.price) as price, l.currency,
    p.source || ':' || p.external_id as seller, nullif(l.image_urls[1], '') as image_url, s.is_active, l.first_seen_at,
    m.probability, m.distance, m.is_representative, m.assigned_by
    from ml.cluster_members as m
    join core.listings as l using (listing_id)
    join core.listing_state as s using (listing_id)
    left join core.sellers as p using (seller_id)
"""


def cluster_overview(
    conn: psycopg.Connection, cluster_run_id: int, *, level: Level = "product", limit: int = 50, offset: int = 0
) -> list[ClusterLine]:
    """Return the clusters of a run, the largest first, equal sizes by name; none for a run without members (any more).

    Args:
        conn: any connection.
        cluster_run_id: of which run, e.g. ``warehouse.cluster_runs.current_run``.
        level: product or theme.
        limit: at most so many.
        offset: after so many.
    """
    return _lines(conn, cluster_run_id, level=level, limit=limit, offset=offset)


def cluster_line(conn: psycopg.Connection, cluster_run_id: int, cluster_id: str) -> ClusterLine | None:
    """Return one cluster as a run has it; None where the run has none of that id."""
    return next(iter(_lines(conn, cluster_run_id, cluster_id=cluster_id)), None)


def _lines(
    conn: psycopg.Connection,
    cluster_run_id: int,
    *,
    level: Level | None = None,
    cluster_id: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[ClusterLine]:
    return read_rows(
        conn,
        ClusterLine,
        f"""
        with priced as (
            {PRICED}
            and (%(level)s::text is null or m.level = %(level)s)
            and (%(cluster_id)s::uuid is null or m.cluster_id = %(cluster_id)s::uuid)
        ), figures as (
            {FIGURES}
        )
        select
            c.cluster_id::text as cluster_id, c.level, c.label, c.terms, f.kind, f.size, f.n_active, f.lowest_price,
            f.median_price, f.highest_price, f.currency, c.cohesion, c.representative_id, t.title,
            nullif(t.image_urls[1], '') as image_url, b.started_at as born_at
        from figures as f
        join ml.clusters as c using (cluster_id)
        left join core.listings as t on t.listing_id = c.representative_id
        left join ml.cluster_runs as b on b.cluster_run_id = c.born_run_id
        order by f.size desc, c.label, c.cluster_id
        limit %(limit)s offset %(offset)s
        """,
        {"run": cluster_run_id, "level": level, "cluster_id": cluster_id, "limit": limit, "offset": offset},
    )


def cluster_members(
    conn: psycopg.Connection, cluster_run_id: int, cluster_id: str, *, limit: int | None = None, offset: int = 0
) -> list[MemberLine]:
    """Return a cluster's listings as a run has them: the representative, then the surest first."""
    return read_rows(
        conn,
        MemberLine,
        f"select {_MEMBER} where m.cluster_run_id = %s and m.cluster_id = %s"
        " order by m.is_representative desc, m.probability desc nulls last, l.listing_id limit %s offset %s",
        (cluster_run_id, cluster_id, limit, offset),
    )


def unique_listings(
    conn: psycopg.Connection, cluster_run_id: int, *, level: Level = "product", limit: int = 50, offset: int = 0
) -> list[MemberLine]:
    """Return the listings that a run put into no cluster (noise), the newest first."""
    return read_rows(
        conn,
        MemberLine,
        f"select {_MEMBER} where m.cluster_run_id = %s and m.level = %s and m.cluster_id is null"
        " order by l.first_seen_at desc, l.listing_id desc limit %s offset %s",
        (cluster_run_id, level, limit, offset),
    )


def resolve_cluster(conn: psycopg.Connection, cluster_id: str) -> str | None:
    """Return the id under which a cluster lives now: its own, or that of what it was merged into, however often.

    None where there is no such cluster, or it is dead without a successor. ``cluster_id`` must be a UUID.
    """
    row = conn.execute(
        """
        with recursive way as (
            select cluster_id, merged_into_id, died_run_id, 0 as steps from ml.clusters where cluster_id = %s
            union all
            select c.cluster_id, c.merged_into_id, c.died_run_id, way.steps + 1
            from way
            join ml.clusters as c on c.cluster_id = way.merged_into_id
            where way.died_run_id is not null
        ) cycle cluster_id set is_cycle using path
        select cluster_id::text from way where died_run_id is null and not is_cycle order by steps limit 1
        """,
        (cluster_id,),
    ).fetchone()
    return None if row is None else str(row[0])


def find_clusters(conn: psycopg.Connection, watch_id: int, start: str) -> list[str]:
    """Return the ids of a watch's clusters, live or not, that begin with some characters; at most ten."""
    rows = conn.execute(
        "select cluster_id::text from ml.clusters where watch_id = %s and starts_with(cluster_id::text, %s)"
        " order by 1 limit 10",
        (watch_id, start.lower()),
    ).fetchall()
    return [cluster_id for (cluster_id,) in rows]


def run_of_cluster(conn: psycopg.Connection, cluster_id: str) -> int | None:
    """Return the newest run that has the cluster, of whatever method; None where none has it (any more)."""
    row = conn.execute(
        "select max(m.cluster_run_id) from ml.cluster_members as m join ml.cluster_runs as r using (cluster_run_id)"
        " where m.cluster_id = %s and r.state = 'success'",
        (cluster_id,),
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def places_of_listing(conn: psycopg.Connection, listing_id: int, *, watch_id: int | None = None) -> list[ListingPlace]:
    """Return where the current runs of the default method put a listing: one row a watch and level."""
    return read_rows(
        conn,
        ListingPlace,
        """
        with current_runs as (
            select distinct on (r.watch_id) r.watch_id, r.cluster_run_id
            from ml.cluster_runs as r
            join app.watch_listings as wl using (watch_id)
            where
                wl.listing_id = %(listing_id)s and r.state = 'success' and r.method = %(method)s
                and (%(watch_id)s::bigint is null or r.watch_id = %(watch_id)s)
            order by r.watch_id, r.started_at desc, r.cluster_run_id desc
        )
        select
            r.watch_id, w.name as watch, r.cluster_run_id, m.level, m.cluster_id::text as cluster_id, c.label, c.size,
            m.probability, m.is_representative
        from current_runs as r
        join app.watches as w using (watch_id)
        join ml.cluster_members as m using (cluster_run_id)
        left join ml.clusters as c using (cluster_id)
        where m.listing_id = %(listing_id)s
        order by r.watch_id, m.level
        """,
        {"listing_id": listing_id, "watch_id": watch_id, "method": DEFAULT_METHOD},
    )


def transitions_of_run(conn: psycopg.Connection, cluster_run_id: int) -> list[TransitionLine]:
    """Return what became of the clusters in a run; none once they are so old that they were pruned."""
    return read_rows(
        conn,
        TransitionLine,
        """
        select
            t.kind, t.from_id::text as from_id, f.label as from_label, t.to_id::text as to_id, n.label as to_label,
            t.overlap
        from ml.cluster_transitions as t
        left join ml.clusters as f on f.cluster_id = t.from_id
        left join ml.clusters as n on n.cluster_id = t.to_id
        where t.cluster_run_id = %s
        order by t.cluster_transition_id
        """,
        (cluster_run_id,),
    )
