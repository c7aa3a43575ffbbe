"""The stored layers as batches, held against their Great Expectations suites. Heavy: never imported by a poll.

Belongs here: batches and the run of their suites. Does not: what is expected (``quality.suites``), SQL
(``warehouse.batches``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import psycopg

from quality.frame import frame_of_rows
from quality.run import Evaluation, evaluate
from quality.suites import HISTORY_SUITE, ITEMS_SUITE, PAGES_SUITE, mart_suite
from quality.suites.marts import batch_columns, hours_ahead
from quality.vocabulary import Suite
from warehouse.batches import Batch, history_batch, item_batch, mart_batch, page_batch

# The layers below the marts: the suite of each, and how its batch is read.
LAYERS: tuple[tuple[Suite, Callable[[psycopg.Connection], Batch]], ...] = (
    (PAGES_SUITE, page_batch),
    (ITEMS_SUITE, item_batch),
    (HISTORY_SUITE, history_batch),
)


def check_layer(conn: psycopg.Connection, suite: Suite) -> Evaluation:
    """Hold what a layer holds of late against its suite; an empty batch has nothing to fail.

    Raises:
        KeyError: for a suite of no layer.
    """
    read = {known.name: read for known, read in LAYERS}[suite.name]
    return _evaluate(read(conn), suite)


def check_mart(conn: psycopg.Connection, table: str, columns: Mapping[str, str]) -> Evaluation | None:
    """Hold a mart against the suite of its columns; None before dbt made it.

    Args:
        table: its name without the schema.
        columns: its columns with their types, as its contract has them.
    """
    batch = mart_batch(conn, table, _expressions(columns))
    return None if batch is None else _evaluate(batch, mart_suite(table, columns))


def check_all(conn: psycopg.Connection, marts: Mapping[str, Mapping[str, str]]) -> list[Evaluation]:
    """Hold every layer and every mart that dbt made against its suite.

    Args:
        marts: the columns of each mart with their types.
    """
    found = [check_layer(conn, suite) for suite, _ in LAYERS]
    checked = (check_mart(conn, table, columns) for table, columns in marts.items())
    return [*found, *(mart for mart in checked if mart is not None)]


def _evaluate(batch: Batch, suite: Suite) -> Evaluation:
    return evaluate(frame_of_rows(batch.columns, batch.rows, numbers=batch.numbers), suite)


def _expressions(columns: Mapping[str, str]) -> dict[str, str]:
    """Return what is read of a mart: days and times as hours from now, numbers as they are compared, currencies."""
    found = {}
    for name, kind in batch_columns(columns).items():
        if kind == "date":
            found[hours_ahead(name)] = (
                f"extract(epoch from \"{name}\"::timestamp at time zone 'UTC' - now())::float8 / 3600"
            )
        elif kind.startswith("timestamp"):
            found[hours_ahead(name)] = f'extract(epoch from "{name}" - now())::float8 / 3600'
        elif kind == "text":
            found[name] = f'"{name}"'
        else:
            found[name] = f'"{name}"::float8'
    return found
