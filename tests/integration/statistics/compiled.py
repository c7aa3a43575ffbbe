"""The SQL that dbt compiled of its models, run on whatever is stored and taken back: for tests of many small examples.

Belongs here: storing, running, taking back. Does not: what is stored, what should come of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from warehouse.connect import DatabaseUrl


class Compiled:
    """A database over whose empty tables dbt has run once, and what it compiled then: each model of all there is."""

    def __init__(self, conn: psycopg.Connection[Any], address: DatabaseUrl, target: Path) -> None:
        self.conn, self.address = conn, address
        self._models = target / "compiled" / "pricescope" / "models"

    def compute(
        self, put: Callable[[psycopg.Connection[Any]], None], *marts: str, tables: Sequence[str]
    ) -> list[list[dict[str, Any]]]:
        """Return the rows of marts over what ``put`` stores; the ``tables`` (schema.name) they read anew first."""
        with self.conn.transaction(force_rollback=True):
            put(self.conn)
            for table in tables:
                schema, _, model = table.partition(".")
                name = sql.Identifier(schema, model)
                query = sql.SQL(self._text(schema, model))  # type: ignore[arg-type]  # dbt's
                self.conn.execute(sql.SQL("truncate {}").format(name))
                made = self.conn.execute(sql.SQL("select * from ({}) as made limit 0").format(query))
                columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in made.description or ())
                self.conn.execute(sql.SQL("insert into {} ({}) {}").format(name, columns, query))
            cursor = self.conn.cursor(row_factory=dict_row)
            return [cursor.execute(self._text("marts", mart).encode()).fetchall() for mart in marts]

    def _text(self, layer: str, model: str) -> str:
        return (self._models / layer / f"{model}.sql").read_text()
