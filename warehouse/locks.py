"""Locks that a crash releases: PostgreSQL drops them with the session that held them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


@contextmanager
def polling_turn(conn: psycopg.Connection, source: str) -> Iterator[bool]:
    """Yield True while this session alone may poll the source; False, at once, where another session does.

    Dagster's queue keeps scheduled runs of a source apart; this also holds for a backfill over a range of days, which
    carries no source tag, and for `pricescope poll` beside a running schedule.
    """
    with _turn(conn, f"pricescope.poll.{source}") as held:
        yield held


@contextmanager
def clustering_turn(conn: psycopg.Connection, watch_id: int) -> Iterator[bool]:
    """Yield True while this session alone may cluster the watch; False, at once, where another session does."""
    with _turn(conn, f"pricescope.clusters.{watch_id}") as held:
        yield held


@contextmanager
def training_turn(conn: psycopg.Connection, scope: str) -> Iterator[bool]:
    """Yield True while this session alone may train the scope's model; False, at once, where another one does."""
    with _turn(conn, f"pricescope.price_model.{scope}") as held:
        yield held


@contextmanager
def _turn(conn: psycopg.Connection, name: str) -> Iterator[bool]:
    row = conn.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", [name]).fetchone()
    held = bool(row and row[0])
    try:
        yield held
    finally:
        if held and not conn.closed:
            conn.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", [name])
