"""Keeps the circuits of the sources in ``ops.source_state``. The rules are in ``domain.source_state``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import psycopg

from domain.source_state import SourceState
from warehouse.poison import storable
from warehouse.rows import columns, read_one, read_rows

_COLUMNS = columns(SourceState)
_NAMES = SourceState.__struct_fields__


def load_source_state(conn: psycopg.Connection, source: str, now: datetime) -> SourceState:
    """Return the state kept for a source; of one never seen, ``ok`` since ``now``."""
    found = read_one(conn, SourceState, f"select {_COLUMNS} from ops.source_state where source = %s", (source,))
    return found or SourceState(source=source, since=now)


def save_source_state(conn: psycopg.Connection, state: SourceState) -> None:
    """Keep a state in place of the one before."""
    values = {name: getattr(state, name) for name in _NAMES} | {"detail": storable(state.detail)}
    conn.execute(
        f"insert into ops.source_state ({_COLUMNS}) values ({', '.join(f'%({name})s' for name in _NAMES)})"
        f" on conflict (source) do update set {', '.join(f'{name} = excluded.{name}' for name in _NAMES[1:])}",
        values,
    )


def update_source_state(
    conn: psycopg.Connection, source: str, now: datetime, transition: Callable[[SourceState], SourceState]
) -> SourceState:
    """Apply a transition to the kept state with no other process between reading and writing; return the new state."""
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(hashtextextended('pricescope.source_state:' || %s, 0))", (source,))
        state = transition(load_source_state(conn, source, now))
        save_source_state(conn, state)
    return state


def list_source_states(conn: psycopg.Connection) -> list[SourceState]:
    """Return the states of all sources seen, by name."""
    return read_rows(conn, SourceState, f"select {_COLUMNS} from ops.source_state order by source")
