"""Rows as msgspec structs: the select list of a struct, and reading it back.

Belongs here: the mapping of columns to fields of the same name, nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import psycopg
from psycopg.rows import dict_row

T = TypeVar("T", bound=msgspec.Struct)


def columns(kind: type[msgspec.Struct], prefix: str = "") -> str:
    """Return the struct's field names as a select list, e.g. ``w.watch_id, w.name`` for prefix ``w.``."""
    return ", ".join(f"{prefix}{name}" for name in kind.__struct_fields__)


def read_rows(
    conn: psycopg.Connection, kind: type[T], query: str, values: Sequence[Any] | Mapping[str, Any] = ()
) -> list[T]:
    """Run a query whose columns are named as the struct's fields; return its rows as structs."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query.encode(), values).fetchall()
    return [msgspec.convert(row, kind) for row in rows]


def read_one(
    conn: psycopg.Connection, kind: type[T], query: str, values: Sequence[Any] | Mapping[str, Any] = ()
) -> T | None:
    """Like ``read_rows``, for the first row; None when there is none."""
    return next(iter(read_rows(conn, kind, query, values)), None)
