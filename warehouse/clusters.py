"""Storing what a run of clustering found: whole or not at all.

Belongs here: writing ``ml.clusters``, their members and transitions, and closing the run with them. Does not: making
clusters (``ml.clustering``, a room that this one does not know), what a run reads (``cluster_inputs``), its own row
until then (``cluster_runs``), showing them (``cluster_views``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from warehouse.cluster_figures import FIGURES, PRICED
from warehouse.cluster_runs import Level
from warehouse.copy_text import copy_lines, flag, plain

# A night's members are a row a listing and level: so many runs of a watch and method keep theirs, and so many their
# transitions; older rows of the runs go with the retention.
KEPT_MEMBERS = 3
KEPT_TRANSITIONS = 30


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
