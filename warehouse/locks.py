"""Locks that a crash releases: PostgreSQL drops them with the session, or the transaction, that held them.

One order for all that touch the price history: the turns of the sources, then ``core.price_history``, then its
partitions and what is kept beside them. A load takes its source's turn first, so does whoever deletes listings; who
replaces or drops a partition takes all of them (``hold_history``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from warehouse.planner import PLAN_BY_INDEX

HISTORY = "core.price_history"

_LOADING_TURN = "pg_advisory_xact_lock(hashtextextended('pricescope.load:' || %(source)s, 0))"


def take_loading_turn(conn: psycopg.Connection, source: str) -> None:
    """Wait until no other process loads or deletes listings of this source; the turn ends with the transaction."""
    conn.execute(f"select {_LOADING_TURN}", {"source": source})


def begin_loading(conn: psycopg.Connection, source: str) -> None:
    """Take the loading turn, and have what follows planned by index (see ``warehouse.planner``)."""
    conn.execute(f"{PLAN_BY_INDEX}, {_LOADING_TURN}", {"source": source})


def hold_history(conn: psycopg.Connection) -> None:
    """Let all loads, deletions and other writers of the price history wait until the transaction ends; readers go on.

    To be called before the transaction has read or written anything of the warehouse. A writer of any month may hold
    the whole table while it waits for a partition (a deletion or a late page locks all of them), and to replace a
    partition one needs the whole table to oneself: two of them that meet half way would wait for each other.
    """
    for (source,) in conn.execute("select distinct source from core.listings order by 1").fetchall():
        take_loading_turn(conn, source)
    # Against those who write in no source's turn, such as the first load of a source.
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
