"""Runs of clustering: their rows, which of them holds now, and where one put its listings.

Belongs here: ``ml.cluster_runs``, and reading the places of a run. Does not: what a run reads (``cluster_inputs``),
storing what it found (``clusters``), showing it (``cluster_views``).

Each method of a watch has a chain of runs of its own: ids of clusters last from run to run of one method, and a trial
of another never takes the place of what prices are compared in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from warehouse.rows import columns, read_one, read_rows

Level = Literal["product", "theme"]

DEFAULT_METHOD = "products"


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


class Place(msgspec.Struct, frozen=True):
    """Where a run put a listing."""

    listing_id: int
    cluster_id: str | None
    assigned_by: str


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
