"""Runs of clustering: the listings they read, their state, and storing what they found whole or not at all.

Belongs here: what a run reads and writes in ``ml.cluster_*``. Does not: making clusters (``ml.clustering``, a room that
this one does not know), showing them (``warehouse.cluster_views``).

Each method of a watch has a chain of runs of its own: ids of clusters last from run to run of one method, and a trial
of another never takes the place of what prices are compared in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from domain.price_kind import COMPARABLE_KINDS
from warehouse.copy_text import copy_lines, flag, plain
from warehouse.rows import columns, read_one, read_rows

Level = Literal["product", "theme"]
LEVELS: tuple[Level, ...] = ("product", "theme")
DEFAULT_METHOD = "products"
# A night's members are a row a listing and level: so many runs of a watch and method keep theirs, and so many their
# transitions; older rows of the runs go with the retention.
KEPT_MEMBERS = 3
KEPT_TRANSITIONS = 30

_KINDS = ", ".join(f"'{kind}'" for kind in sorted(COMPARABLE_KINDS))
# What a listing `l` costs its buyer; null where its price is none of the thing.
PRICE = f"case when l.price_kind in ({_KINDS}) then coalesce(l.total_price, l.price) end"
# The members of run %(run)s that are in a cluster; a condition on `m` may follow.
PRICED = f"""
    select
        m.cluster_id, l.kind, s.is_active, {PRICE} as price,
        case when {PRICE} is not null then l.currency end as currency
    from ml.cluster_members as m
    join core.listings as l using (listing_id)
    join core.listing_state as s using (listing_id)
    where m.cluster_run_id = %(run)s and m.cluster_id is not null
"""
# Figures of each cluster in `priced`, prices in the currency that most of them are in, those in others left out.
# The exact median is the mean of the lower and the upper one: percentile_cont knows floats only.
FIGURES = """
    select distinct on (cluster_id)
        cluster_id, currency, kind, size, n_active, lowest_price, highest_price,
        ((lower_median + upper_median) / 2)::numeric(18, 4) as median_price
    from (
        select
            cluster_id, currency, count(price) as n_priced, min(price) as lowest_price, max(price) as highest_price,
            percentile_disc(0.5) within group (order by price) as lower_median,
            percentile_disc(0.5) within group (order by price desc) as upper_median,
            (sum(count(*)) over of_cluster)::int as size,
            (sum(count(*) filter (where is_active)) over of_cluster)::int as n_active,
            min(min(kind)) over of_cluster as kind
        from priced
        group by cluster_id, currency
        window of_cluster as (partition by cluster_id)
    ) as of_currency
    order by cluster_id, n_priced desc, currency
"""
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


class ClusterRun(msgspec.Struct, frozen=True):
    """A row of ``ml.cluster_runs``; ``state`` is running, success or failure, ``error`` says why it failed."""

    cluster_run_id: int
    watch_id: int | None
    method: str
    params: dict[str, Any]
    model_ids: list[str]
    state: str
    error: str | None
    started_at: datetime
    ended_at: datetime | None
    n_listings: int
    n_clusters: int
    n_unique: int
    metrics: dict[str, Any]


class FoundCluster(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster of a run; ``cluster_id`` is a UUID."""

    cluster_id: str
    level: Level
    label: str
    terms: tuple[str, ...]
    representative_id: int | None
    cohesion: float | None


class FoundMember(msgspec.Struct, frozen=True, kw_only=True):
    """A listing's place in a run; ``cluster_id`` None: unique (noise)."""

    listing_id: int
    level: Level
    cluster_id: str | None
    probability: float | None = None
    distance: float | None = None
    is_representative: bool = False


class FoundTransition(msgspec.Struct, frozen=True):
    """What became of a cluster: survive, split, merge, born or dead, see ``ml.clustering.identity``."""

    kind: str
    from_id: str | None
    to_id: str | None
    overlap: float


class Place(msgspec.Struct, frozen=True):
    """Where a run put a listing."""

    listing_id: int
    cluster_id: str | None
    assigned_by: str


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
                when l.price_kind in ({_KINDS})
                    and l.currency = (select w.currency from app.watches as w where w.watch_id = %(watch_id)s)
                then coalesce(l.total_price, l.price)
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


# ---------------------------------------------------------------- runs


def begin_run(conn: psycopg.Connection, watch_id: int, method: str, params: Mapping[str, Any]) -> int:
    """Note that a run begins; return its id. A run of the watch that never ended is closed as failed: it was killed.

    Only for the session that holds ``warehouse.locks.clustering_turn`` of the watch.
    """
    close_killed_runs(conn, watch_id)
    row = conn.execute(
        "insert into ml.cluster_runs (watch_id, method, params, started_at)"
        " values (%s, %s, %s, clock_timestamp()) returning cluster_run_id",
        (watch_id, method, Jsonb(dict(params))),
    ).fetchone()
    if row is None:
        raise RuntimeError("the run was not kept")
    return int(row[0])


def close_killed_runs(conn: psycopg.Connection, watch_id: int) -> int:
    """Close the runs of a watch that still say running though none is; return how many. See ``begin_run``."""
    return conn.execute(
        "update ml.cluster_runs set state = 'failure', ended_at = clock_timestamp(),"
        " error = 'It was killed: it never said how it ended.' where watch_id = %s and state = 'running'",
        (watch_id,),
    ).rowcount


def fail_run(conn: psycopg.Connection, cluster_run_id: int, error: str) -> None:
    """Close a run as failed, with what went wrong; a run that was saved stays a success."""
    conn.execute(
        "update ml.cluster_runs set state = 'failure', ended_at = clock_timestamp(), error = %s"
        " where cluster_run_id = %s and state = 'running'",
        (error, cluster_run_id),
    )


def get_run(conn: psycopg.Connection, cluster_run_id: int) -> ClusterRun | None:
    """Return a run, None where there is none of that id."""
    query = f"select {columns(ClusterRun)} from ml.cluster_runs where cluster_run_id = %s"
    return read_one(conn, ClusterRun, query, (cluster_run_id,))


def current_run(conn: psycopg.Connection, watch_id: int, method: str = DEFAULT_METHOD) -> ClusterRun | None:
    """Return the newest run of a watch and method that succeeded: what holds now. None where none did."""
    return read_one(
        conn,
        ClusterRun,
        f"select {columns(ClusterRun)} from ml.cluster_runs where watch_id = %s and method = %s and state = 'success'"
        " order by started_at desc, cluster_run_id desc limit 1",
        (watch_id, method),
    )


def list_runs(conn: psycopg.Connection, watch_id: int, *, limit: int = 20) -> list[ClusterRun]:
    """Return the runs of a watch by any method, the newest first."""
    return read_rows(
        conn,
        ClusterRun,
        f"select {columns(ClusterRun)} from ml.cluster_runs where watch_id = %s"
        " order by started_at desc, cluster_run_id desc limit %s",
        (watch_id, limit),
    )


def places(conn: psycopg.Connection, cluster_run_id: int, level: Level) -> list[Place]:
    """Return where a run put its listings, by listing id."""
    return read_rows(
        conn,
        Place,
        "select listing_id, cluster_id::text as cluster_id, assigned_by from ml.cluster_members"
        " where cluster_run_id = %s and level = %s order by listing_id",
        (cluster_run_id, level),
    )


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


# ---------------------------------------------------------------- storing


def save_run(
    conn: psycopg.Connection,
    cluster_run_id: int,
    *,
    clusters: Sequence[FoundCluster],
    members: Sequence[FoundMember],
    transitions: Sequence[FoundTransition],
    aliases: Mapping[str, str],
    model_ids: Sequence[str],
    metrics: Mapping[str, Any],
) -> None:
    """Store what a run found and close it as a success, in one transaction: until it commits, the run before holds.

    Listings that were deleted meanwhile are left out.

    Args:
        conn: a connection, not in a transaction.
        cluster_run_id: a run that is running.
        clusters: all that live after it.
        members: a listing of the run each, once a level.
        transitions: what became of the clusters of the run before.
        aliases: cluster that is no more -> where its links lead.
        model_ids: of the vectors it read.
        metrics: kept with the run.

    Raises:
        RuntimeError: where the run is not running (any more).
    """
    with conn.transaction():
        row = conn.execute(
            "select watch_id, method from ml.cluster_runs where cluster_run_id = %s and state = 'running' for update",
            (cluster_run_id,),
        ).fetchone()
        if row is None:
            raise RuntimeError(f"run {cluster_run_id} is not running")
        watch_id, method = row
        _put_clusters(conn, cluster_run_id, watch_id, clusters)
        _put_members(conn, cluster_run_id, members, assigned_by="full")
        _end_clusters(conn, cluster_run_id, transitions, aliases)
        _refresh(conn, cluster_run_id)
        _count(conn, cluster_run_id)
        conn.execute(
            "update ml.cluster_runs set state = 'success', error = null, ended_at = clock_timestamp(), metrics = %s,"
            " model_ids = %s, n_clusters = %s where cluster_run_id = %s",
            (Jsonb(dict(metrics)), list(model_ids), sum(one.level == "product" for one in clusters), cluster_run_id),
        )
        _prune(conn, watch_id, method)


def save_assignments(
    conn: psycopg.Connection, cluster_run_id: int, members: Sequence[FoundMember], metrics: Mapping[str, Any]
) -> None:
    """Add new listings to a run that succeeded, in one transaction; clusters are not made, merged or ended by it.

    Args:
        conn: a connection, not in a transaction.
        cluster_run_id: the run.
        members: new listings, or those that waited; an old one's place stays as it is.
        metrics: added to the run's.
    """
    with conn.transaction():
        _put_members(conn, cluster_run_id, members, assigned_by="incremental")
        _refresh(conn, cluster_run_id)
        _count(conn, cluster_run_id)
        conn.execute(
            "update ml.cluster_runs set metrics = metrics || %s where cluster_run_id = %s",
            (Jsonb(dict(metrics)), cluster_run_id),
        )


def _put_clusters(
    conn: psycopg.Connection, cluster_run_id: int, watch_id: int | None, clusters: Sequence[FoundCluster]
) -> None:
    # Sorted, so that two runs wait for one another instead of deadlocking.
    rows = sorted(clusters, key=lambda one: one.cluster_id)
    with conn.cursor() as cursor:
        cursor.executemany(
            """
            insert into ml.clusters (
                cluster_id, watch_id, level, label, terms, representative_id, size, cohesion, born_run_id
            )
            values (
                %(cluster_id)s, %(watch_id)s, %(level)s, %(label)s, %(terms)s,
                (select listing_id from core.listing_details where listing_id = %(representative_id)s for key share),
                0, %(cohesion)s, %(run)s
            )
            on conflict (cluster_id) do update set
                label = excluded.label, terms = excluded.terms, representative_id = excluded.representative_id,
                cohesion = excluded.cohesion, died_run_id = null, merged_into_id = null, updated_at = now()
            """,
            [
                {
                    **msgspec.structs.asdict(one),
                    "terms": list(one.terms),
                    "watch_id": watch_id,
                    "run": cluster_run_id,
                }
                for one in rows
            ],
        )


def _put_members(
    conn: psycopg.Connection,
    cluster_run_id: int,
    members: Sequence[FoundMember],
    *,
    assigned_by: Literal["full", "incremental"],
) -> None:
    conn.execute(
        "create temp table found_members (level text, listing_id bigint, cluster_id uuid, probability float8,"
        " distance float8, is_representative boolean) on commit drop"
    )
    copy_lines(conn, "found_members", map(_member_line, members))
    conn.execute(
        """
        with rows as materialized (
            select f.* from found_members as f
            join core.listing_details as l using (listing_id)
            order by f.listing_id
            for key share of l
        )
        insert into ml.cluster_members as m (
            cluster_run_id, level, listing_id, cluster_id, probability, distance, is_representative, assigned_by
        )
        select %(run)s, level, listing_id, cluster_id, probability, distance, is_representative, %(by)s from rows
        on conflict (cluster_run_id, level, listing_id) do update set
            cluster_id = excluded.cluster_id, probability = excluded.probability, distance = excluded.distance,
            assigned_at = now()
        where m.assigned_by = 'incremental' and m.cluster_id is null and excluded.cluster_id is not null
        """,
        {"run": cluster_run_id, "by": assigned_by},
    )
    conn.execute("drop table found_members")


def _member_line(member: FoundMember) -> str:
    fields = (member.level, member.listing_id, member.cluster_id, member.probability, member.distance)
    return "\t".join([*map(plain, fields), flag(member.is_representative)])


def _end_clusters(
    conn: psycopg.Connection,
    cluster_run_id: int,
    transitions: Iterable[FoundTransition],
    aliases: Mapping[str, str],
) -> None:
    rows = list(transitions)
    copy_lines(
        conn,
        "ml.cluster_transitions (cluster_run_id, kind, from_id, to_id, overlap)",
        ("\t".join(map(plain, (cluster_run_id, one.kind, one.from_id, one.to_id, one.overlap))) for one in rows),
    )
    ended = sorted(one.from_id for one in rows if one.kind in {"merge", "dead"} and one.from_id is not None)
    conn.execute(
        """
        update ml.clusters as c
        set died_run_id = %(run)s, merged_into_id = e.into_id, size = 0, updated_at = now()
        from unnest(%(ended)s::uuid[], %(into)s::uuid[]) as e (cluster_id, into_id)
        where c.cluster_id = e.cluster_id
        """,
        {"run": cluster_run_id, "ended": ended, "into": [aliases.get(one) for one in ended]},
    )


def _refresh(conn: psycopg.Connection, cluster_run_id: int) -> None:
    """Bring sizes and median prices of a run's clusters up to date with its members."""
    conn.execute(
        f"""
        with priced as (
            {PRICED}
        ), figures as (
            {FIGURES}
        )
        update ml.clusters as c
        set size = f.size, median_price = f.median_price, currency = f.currency, updated_at = now()
        from figures as f
        where
            c.cluster_id = f.cluster_id
            and (c.size, c.median_price, c.currency)
            is distinct from (f.size, f.median_price, f.currency)
        """,
        {"run": cluster_run_id},
    )


def _count(conn: psycopg.Connection, cluster_run_id: int) -> None:
    conn.execute(
        """
        update ml.cluster_runs as r
        set n_listings = f.listings, n_unique = f.alone
        from (
            select count(*) as listings, count(*) filter (where cluster_id is null) as alone
            from ml.cluster_members where cluster_run_id = %(run)s and level = 'product'
        ) as f
        where r.cluster_run_id = %(run)s
        """,
        {"run": cluster_run_id},
    )


def _prune(conn: psycopg.Connection, watch_id: int | None, method: str) -> None:
    for table, kept in (("cluster_members", KEPT_MEMBERS), ("cluster_transitions", KEPT_TRANSITIONS)):
        conn.execute(
            f"""
            delete from ml.{table} where cluster_run_id in (
                select cluster_run_id from ml.cluster_runs
                where watch_id = %s and method = %s and state = 'success'
                order by started_at desc, cluster_run_id desc offset %s
            )
            """,
            (watch_id, method, kept),
        )
