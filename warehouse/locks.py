"""Locks that a crash releases: PostgreSQL drops them with the session that held them.

One order for all that touch the price history: the turns of the sources, then ``core.price_history``, then its
partitions and what is kept beside them. A load takes its source's turn first (``load.take_turn``), so does whoever
deletes listings; who replaces or drops a partition takes all of them (``hold_history``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

HISTORY = "core.price_history"


def hold_history(conn: psycopg.Connection) -> None:
    """Let all loads, deletions and other writers of the price history wait until the transaction ends; readers go on.

    To be called before the transaction has read or written anything of the warehouse. A writer of any month may hold
    the whole table while it waits for a partition (a deletion or a late page locks all of them), and to replace a
    partition one needs the whole table to oneself: two of them that meet half way would wait for each other.
    """
    for (source,) in conn.execute("select distinct source from core.listings order by 1").fetchall():
        conn.execute("select pg_advisory_xact_lock(hashtextextended('pricescope.load:' || %s, 0))", (source,))
    # Against the few that write in no source's turn, such as the release of a review.
    conn.execute(f"lock table only {HISTORY} in share row exclusive mode")


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
def _turn(conn: psycopg.Connection, name: str) -> Iterator[bool]:
    row = conn.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", [name]).fetchone()
    held = bool(row and row[0])
    try:
        yield held
    finally:
        if held and not conn.closed:
            conn.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", [name])
