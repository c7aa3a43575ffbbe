"""The listings nearest to a vector: within a watch exactly, over all watches through an HNSW index.

Belongs here: the two searches and the index. Does not: storing vectors (``warehouse.embeddings``).

A filtered search through an HNSW index alone finds a third of what it should (it filters what the index gave): so
iterative scanning is always on, and a watch of ordinary size is scanned whole, which is exact and as fast. Through the
index, the k nearest of a watch of s out of n listings take about k * n / s visits, all of it s look-ups: the cheaper
way is taken. (Measured by ``benchmarks.embeddings``.)
"""

from __future__ import annotations

import hashlib
import math
from typing import Any, Literal

import msgspec
import numpy as np
import psycopg
from psycopg import sql

from warehouse.embeddings import Space, Vectors

# What looking one listing of a watch up costs, in what visiting one vector of the index costs (1.5 us and 11 us).
_LOOKUP_COST = 0.14
# A watch of less than this share of all listings is looked up one by one; the planner would read the whole table.
_LOOKUP_SHARE = 0.1
_EF_SEARCH = 100
_BUILD_MEMORY = "256MB"
_Way = Literal["index", "lookups", "scan"]
_SETTINGS: dict[_Way, dict[str, str]] = {
    # Sorting a whole watch is what the planner would do otherwise: it does not know what a distance costs.
    "index": {"hnsw.iterative_scan": "relaxed_order", "enable_sort": "off"},
    "lookups": {"enable_hashjoin": "off", "enable_mergejoin": "off", "max_parallel_workers_per_gather": "0"},
    "scan": {},
}


class Neighbour(msgspec.Struct, frozen=True):
    """A listing, and the cosine of the angle to what was searched for: 1 is the same direction."""

    listing_id: int
    similarity: float


def nearest(
    conn: psycopg.Connection,
    space: Space,
    vector: Vectors,
    *,
    k: int = 15,
    watch_id: int | None = None,
    source: str | None = None,
    without: int | None = None,
    only_on_offer: bool = False,
) -> list[Neighbour]:
    """Return the ``k`` nearest listings, nearest first; fewer only where there are fewer.

    Args:
        conn: a connection, not in a transaction: what is set for the search would last to its end.
        space: kind and model id; ``vector`` must be of that model id.
        vector: (dimensions,).
        k: how many.
        watch_id: only listings that this watch found.
        source: only listings of this source.
        without: leave this listing out: the one that is searched for.
        only_on_offer: only listings that can be bought as far as is known.
    """
    way = _way(conn, space, watch_id, k)
    statement = _search(
        space,
        len(vector),
        through_index=way == "index",
        watch_id=watch_id,
        source=source,
        without=without,
        only_on_offer=only_on_offer,
    )
    settings = dict(_SETTINGS[way])
    if way == "index":
        settings["hnsw.ef_search"] = str(max(_EF_SEARCH, min(k, 1000)))
    # All in one round trip: on a busy machine each costs more than the search.
    with conn.pipeline(), conn.transaction():
        for name, value in settings.items():
            conn.execute("select set_config(%s, %s, true)", (name, value))
        cursor = conn.execute(statement, {"vector": _written(vector), "k": k}, prepare=False)
    rows = cursor.fetchall()
    # Iterative scans give their batches nearly in order.
    return sorted((Neighbour(listing_id, 1.0 - float(distance)) for listing_id, distance in rows), key=_by_similarity)


def ensure_index(conn: psycopg.Connection, space: Space, dimensions: int) -> bool:
    """Make the HNSW index of a space, for searching over all watches; return whether it was made now.

    Reading and writing go on meanwhile. About 15 s and 50 MB for 50,000 listings of 384 dimensions; a later insert
    costs about a millisecond. Concurrent calls wait in turn.

    Args:
        conn: a connection, not in a transaction.
        space: which vectors.
        dimensions: of the model.
    """
    name = _index_name(space)
    # Held by the session: an index made concurrently belongs to no transaction.
    conn.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (name,))
    try:
        if has_index(conn, space):
            return False
        # What an interrupted build left is invalid and stays so.
        conn.execute(sql.SQL("drop index concurrently if exists ml.{}").format(sql.Identifier(name)))
        conn.execute(sql.SQL("set maintenance_work_mem = {}").format(sql.Literal(_BUILD_MEMORY)))
        conn.execute("set statement_timeout = 0")
        conn.execute(
            sql.SQL(
                "create index concurrently {} on ml.embeddings using hnsw ((vec::halfvec({})) halfvec_cosine_ops)"
                " with (m = 16, ef_construction = 64) where {}"
            ).format(sql.Identifier(name), sql.Literal(dimensions), _of(space, prefix=""))
        )
        return True
    finally:
        conn.execute("reset maintenance_work_mem")
        conn.execute("reset statement_timeout")
        conn.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", (name,))


def drop_index(conn: psycopg.Connection, space: Space) -> None:
    """Drop the index of a space, where it has one; ``conn``: not in a transaction."""
    conn.execute(sql.SQL("drop index concurrently if exists ml.{}").format(sql.Identifier(_index_name(space))))


def has_index(conn: psycopg.Connection, space: Space) -> bool:
    """Say whether a space has its index, whole."""
    row = conn.execute(
        "select indisvalid from pg_index where indexrelid = to_regclass(%s)", (f"ml.{_index_name(space)}",)
    ).fetchone()
    return row is not None and bool(row[0])


def _index_name(space: Space) -> str:
    digest = hashlib.sha256(space.model_id.encode()).hexdigest()[:12]
    return f"ix_embeddings_near_{space.kind}_{digest}"


def _way(conn: psycopg.Connection, space: Space, watch_id: int | None, k: int) -> _Way:
    if watch_id is None:
        return "index" if has_index(conn, space) else "scan"
    row = conn.execute(
        """
        select
            table_facts.total,
            coalesce((select indisvalid from pg_index where indexrelid = to_regclass(%(index)s)), false),
            (
                select count(*) from (
                    select from app.watch_listings
                    where watch_id = %(watch_id)s
                    limit greatest(sqrt(table_facts.total * %(weight)s::float8), table_facts.total * %(share)s) + 2
                ) as first_ones
            )
        from (
            select greatest(reltuples, 0)::float8 as total from pg_class where oid = 'ml.embeddings'::regclass
        ) as table_facts
        """,
        {
            "index": f"ml.{_index_name(space)}",
            "watch_id": watch_id,
            "weight": k / _LOOKUP_COST,
            "share": _LOOKUP_SHARE,
        },
    ).fetchone()
    total, is_indexed, size = row if row is not None else (0.0, False, 0)
    # From where on k * total / size visits of the index cost less than size look-ups.
    if is_indexed and size > math.sqrt(total * k / _LOOKUP_COST):
        return "index"
    return "lookups" if size < total * _LOOKUP_SHARE else "scan"


def _of(space: Space, prefix: str = "e.") -> sql.Composed:
    # As literals: the planner takes a partial index only where it sees that the condition is the index's own.
    return sql.SQL("{}kind = {} and {}model_id = {}").format(
        sql.SQL(prefix), sql.Literal(space.kind), sql.SQL(prefix), sql.Literal(space.model_id)
    )


def _search(
    space: Space,
    dimensions: int,
    *,
    through_index: bool,
    watch_id: int | None,
    source: str | None,
    without: int | None,
    only_on_offer: bool,
) -> sql.Composed:
    # Only the cast is what the index is over; without it the planner cannot but compute every distance.
    vec = sql.SQL("e.vec::halfvec({})").format(sql.Literal(dimensions)) if through_index else sql.SQL("e.vec")
    tables, conditions = [sql.SQL("ml.embeddings as e")], [_of(space)]
    if watch_id is not None:
        tables.append(sql.SQL("join app.watch_listings as wl on wl.listing_id = e.listing_id"))
        conditions.append(sql.SQL("wl.watch_id = {}").format(sql.Literal(watch_id)))
    if source is not None:
        tables.append(sql.SQL("join core.listings as l on l.listing_id = e.listing_id"))
        conditions.append(sql.SQL("l.source = {}").format(sql.Literal(source)))
    if only_on_offer:
        tables.append(sql.SQL("join core.listing_state as s on s.listing_id = e.listing_id"))
        conditions.append(sql.SQL("s.is_active").format())
    if without is not None:
        conditions.append(sql.SQL("e.listing_id <> {}").format(sql.Literal(without)))
    return sql.SQL(
        "select e.listing_id, {vec} <=> %(vector)s::halfvec as distance from {tables} where {conditions}"
        " order by {vec} <=> %(vector)s::halfvec limit %(k)s"
    ).format(vec=vec, tables=sql.SQL(" ").join(tables), conditions=sql.SQL(" and ").join(conditions))


def _written(vector: Vectors) -> str:
    return "[" + ",".join(f"{number:.6g}" for number in np.asarray(vector, np.float64)) + "]"


def _by_similarity(one: Neighbour) -> tuple[Any, ...]:
    return (-one.similarity, one.listing_id)
