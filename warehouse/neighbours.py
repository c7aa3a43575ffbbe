"""The listings nearest to a vector: within a watch exactly, over all watches through an HNSW index.

Belongs here: the two searches and the index. Does not: storing vectors (``warehouse.embeddings``).

A filtered search through an HNSW index alone finds a third of what it should (it filters what the index gave): so
iterative scanning is always on, and a watch of ordinary size is scanned whole, which is exact and as fast.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import numpy as np
import psycopg
from psycopg import sql

from warehouse.embeddings import Space, Vectors

# A watch with more listings than this is searched through the index, where there is one (benchmarks/neighbours.py).
EXACT_UP_TO = 5_000
_EF_SEARCH = 100
_BUILD_MEMORY = "256MB"


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
) -> list[Neighbour]:
    """Return the ``k`` nearest listings, nearest first; fewer only where there are fewer.

    Args:
        conn: a connection.
        space: kind and model id; ``vector`` must be of that model id.
        vector: (dimensions,).
        k: how many.
        watch_id: only listings that this watch found.
        source: only listings of this source.
        without: leave this listing out: the one that is searched for.
    """
    through_index = has_index(conn, space) and (watch_id is None or _size(conn, watch_id) > EXACT_UP_TO)
    with conn.transaction():
        if through_index:
            conn.execute("set local hnsw.iterative_scan = relaxed_order")
            conn.execute(f"set local hnsw.ef_search = {max(_EF_SEARCH, min(k, 1000))}")
            # Sorting a whole watch is what the planner would do otherwise: it does not know what a distance costs.
            conn.execute("set local enable_sort = off")
        rows = conn.execute(
            _search(space, len(vector), through_index=through_index, watch_id=watch_id, source=source, without=without),
            {"vector": _written(vector), "k": k},
            prepare=False,
        ).fetchall()
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


def has_index(conn: psycopg.Connection, space: Space) -> bool:
    """Say whether a space has its index, whole."""
    row = conn.execute(
        "select indisvalid from pg_index where indexrelid = to_regclass(%s)", (f"ml.{_index_name(space)}",)
    ).fetchone()
    return row is not None and bool(row[0])


def _index_name(space: Space) -> str:
    digest = hashlib.sha256(space.model_id.encode()).hexdigest()[:12]
    return f"ix_embeddings_near_{space.kind}_{digest}"


def _size(conn: psycopg.Connection, watch_id: int) -> int:
    row = conn.execute(
        "select count(*) from (select from app.watch_listings where watch_id = %s limit %s) as first_ones",
        (watch_id, EXACT_UP_TO + 1),
    ).fetchone()
    return 0 if row is None else int(row[0])


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
