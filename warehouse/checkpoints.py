"""How far long jobs are, in ``ops.checkpoints``: saved in the very transaction that stores what was done.

Belongs here: the rows, and ending a session that holds a job's lock without getting on. Does not: what a value means
(its job's module), or when a job is stale.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import Jsonb


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """How far a job is.

    Attributes:
        value: the job's own, JSON.
        updated_at: UTC; when the job last got on.
    """

    name: str
    value: dict[str, Any]
    updated_at: datetime


def load_checkpoint(conn: psycopg.Connection, name: str) -> Checkpoint | None:
    """Return a job's checkpoint; None for a job that was never begun."""
    row = conn.execute("select name, value, updated_at from ops.checkpoints where name = %s", (name,)).fetchone()
    return None if row is None else Checkpoint(name=row[0], value=row[1], updated_at=row[2])


def save_checkpoint(conn: psycopg.Connection, name: str, value: Mapping[str, Any], now: datetime) -> None:
    """Keep a checkpoint in place of the one before, as part of the caller's transaction."""
    conn.execute(
        "insert into ops.checkpoints (name, value, updated_at) values (%s, %s, %s)"
        " on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at",
        (name, Jsonb(dict(value)), now),
    )


def list_checkpoints(conn: psycopg.Connection, prefix: str = "") -> list[Checkpoint]:
    """Return the checkpoints whose name begins so, by name."""
    rows = conn.execute(
        "select name, value, updated_at from ops.checkpoints where starts_with(name, %s) order by name", (prefix,)
    ).fetchall()
    return [Checkpoint(name=name, value=value, updated_at=updated_at) for name, value, updated_at in rows]


def end_holders(conn: psycopg.Connection, lock_name: str) -> int:
    """End the sessions that hold the lock of this name (see `warehouse.locks`); return how many.

    Whatever such a session had not committed is undone, its process fails at its next statement, and the lock is free.
    """
    rows = conn.execute(
        """
        select pg_terminate_backend(l.pid)
        from pg_locks l, hashtextextended(%s, 0) as key
        where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.pid <> pg_backend_pid()
          and l.database = (select oid from pg_database where datname = current_database())
          and ((l.classid::bigint << 32) | l.objid::bigint) = key
        """,
        (lock_name,),
    ).fetchall()
    return sum(bool(ended) for (ended,) in rows)
