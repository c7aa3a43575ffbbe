"""The rows of a query as Parquet files: COPY, read in blocks by Arrow, written in row groups of one size.

Belongs here: types, blocks, files, reading a file back. Does not: which tables go where (see open_data, archive).
The only module of this room that imports pyarrow, and only inside functions: a poll never pays for it.

The same rows make the same bytes: their order is the query's, row groups have a fixed number of rows however the
blocks fell, and nothing of the clock or the machine enters a file. Memory is bounded by a block and a row group for
each open file. The types are those that DuckDB, pandas and Spark all know: integers, decimals of at most 38 digits,
strings, booleans, doubles, dates, UTC timestamps in microseconds, lists of integers. JSON stays text.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP = 100_000
_BLOCK_ROWS = 50_000
_BLOCK_BYTES = 8 << 20
# Session values that the texts below are read by; local to the caller's transaction.
_SESSION = {"timezone": "UTC", "datestyle": "ISO", "extra_float_digits": "1", "statement_timeout": "0"}
_SEPARATOR = "\x1f"
_NUMERIC = 1700
_BYTEA = 17
_INTEGER_ARRAYS = {1005, 1007, 1016}
# PostgreSQL's type ids with a type of their own; every other becomes text.
_KINDS = {
    16: "bool",
    20: "int64",
    21: "int16",
    23: "int32",
    25: "string",
    700: "float32",
    701: "float64",
    1043: "string",
    1082: "date",
    1184: "timestamp",
}


class ParquetError(Exception):
    """Rows that could not be written, or a file that does not hold what it should; the message names it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a query.

    Attributes:
        kind: ``bool``, ``int16``, ``int32``, ``int64``, ``float32``, ``float64``, ``string``, ``date``, ``timestamp``
            (UTC, microseconds), ``integers`` (a list) or ``decimal``.
        expression: SQL that gives the text which ``COPY`` sends.
    """

    name: str
    kind: str
    expression: sql.Composable
    precision: int = 0
    scale: int = 0

    @property
    def type(self) -> str:
        """The type in words, for a manifest, e.g. ``decimal(18,4)``."""
        if self.kind == "decimal":
            return f"decimal({self.precision},{self.scale})"
        return {"timestamp": "timestamp(us, UTC)", "integers": "list(int64)"}.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that stands whole under its name: its size and the SHA-256 of its bytes."""

    path: Path
    rows: int
    bytes: int
    sha256: str


@contextmanager
def export_session(conn: psycopg.Connection, lock: str = "") -> Iterator[None]:
    """Hold one snapshot of the database, read only, with the session values that exporting needs.

    Args:
        conn: a connection, not in a transaction.
        lock: SQL name of a table that others replace by a new one, as dbt does: locked against that before the
            snapshot is taken. Of a table put in its place later, an older snapshot shows no row.

    Raises:
        RuntimeError: when the connection is in a transaction already: it may have another snapshot.
    """
    if conn.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        raise RuntimeError("an export needs a transaction of its own; the connection is in one")
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read, read only")
        if lock:
            conn.execute(sql.SQL("lock table {} in access share mode").format(sql.SQL(lock)))
        for name, value in _SESSION.items():
            conn.execute("select set_config(%s, %s, true)", (name, value))
        yield


def fields_of(conn: psycopg.Connection, query: sql.Composable) -> tuple[Field, ...]:
    """Return the columns of a query, told by the server."""
    described = conn.execute(sql.SQL("select * from ({}) q limit 0").format(query)).description or []
    return tuple(_field(column) for column in described)


def schema_of(fields: tuple[Field, ...]) -> pa.Schema:
    """Return the Arrow schema of the columns; every column may be null."""
    import pyarrow as pa  # noqa: PLC0415 - see the charter

    types: Mapping[str, Any] = {
        "bool": pa.bool_(),
        "int16": pa.int16(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "float32": pa.float32(),
        "float64": pa.float64(),
        "string": pa.string(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", "UTC"),
        "integers": pa.list_(pa.int64()),
    }
    return pa.schema(
        [
            (field.name, pa.decimal128(field.precision, field.scale) if field.kind == "decimal" else types[field.kind])
            for field in fields
        ]
    )


def copy_blocks(
    conn: psycopg.Connection, query: sql.Composable, fields: tuple[Field, ...], write: Callable[[pa.Table], None]
) -> None:
    """Hand the rows of a query, in its order, to ``write`` block by block.

    In this thread: one beside it would wait for the interpreter's lock at every step, which costs more than it wins.

    Raises:
        ParquetError: for a value that has no place in its column's type.
    """
    # An outer select of plain columns keeps the order of the inner one.
    statement = sql.SQL("copy (select {} from ({}) q) to stdout (format csv)").format(
        sql.SQL(", ").join(field.expression for field in fields), query
    )
    for raw in _raw_blocks(conn, statement):
        write(_read_block(raw, fields))


class ParquetFile:
    """A Parquet file (zstd) being written: under a hidden name first, under its own when ``finish`` returns."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq  # noqa: PLC0415 - see the charter

        self.path = path
        self.rows = 0
        # Readers of such folders pass over names that begin with a dot.
        self._hidden = path.with_name(f".{path.name}.tmp")
        self._pending: list[pa.Table] = []
        self._pending_rows = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(self._hidden, schema, compression="zstd", compression_level=3, version="2.6")

    def write(self, table: pa.Table) -> None:
        """Add rows."""
        self._pending.append(table)
        self._pending_rows += table.num_rows
        self.rows += table.num_rows
        while self._pending_rows >= ROW_GROUP:
            self._write_group()

    def finish(self, *, durable: bool = False) -> WrittenFile:
        """Write what is left and give the file its name; ``durable`` waits until the disk has it."""
        if self._pending_rows:
            self._write_group()
        self._writer.close()
        if durable:
            sync(self._hidden)
        digest = file_sha256(self._hidden)
        self._hidden.replace(self.path)
        if durable:
            sync(self.path.parent)
        return WrittenFile(self.path, self.rows, self.path.stat().st_size, digest)

    def discard(self) -> None:
        """Leave nothing behind."""
        self._writer.close()
        self._hidden.unlink(missing_ok=True)

    def _write_group(self) -> None:
        import pyarrow as pa  # noqa: PLC0415 - see the charter

        # In one chunk: pages of a column end with its chunks, and those fell by chance.
        whole = pa.concat_tables(self._pending).combine_chunks()
        self._writer.write_table(whole.slice(0, ROW_GROUP), row_group_size=ROW_GROUP)
        rest = whole.slice(ROW_GROUP)
        self._pending = [rest] if rest.num_rows else []
        self._pending_rows = rest.num_rows


def run_ends(column: pa.ChunkedArray) -> list[tuple[int, str]]:
    """Return for each run of equal values where it ends (the index after it) and the value; no value is null."""
    from pyarrow import compute  # noqa: PLC0415 - see the charter

    runs = compute.run_end_encode(column.combine_chunks())
    return list(zip(runs.run_ends.to_pylist(), runs.values.to_pylist(), strict=True))


def read_groups(path: Path) -> Iterator[pa.Table]:
    """Yield a file's row groups; partitions in its path are not added as columns.

    Raises:
        ParquetError: when the file is damaged.
    """
    import pyarrow as pa  # noqa: PLC0415 - see the charter
    import pyarrow.parquet as pq  # noqa: PLC0415 - the same

    try:
        with pq.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                yield file.read_row_group(number)
    except (pa.ArrowException, OSError) as error:
        raise ParquetError(f"{path} cannot be read: {error}") from error


def read_all(path: Path) -> pa.Table:
    """Return a whole file; for small ones.

    Raises:
        ParquetError: when the file is damaged.
    """
    import pyarrow as pa  # noqa: PLC0415 - see the charter
    import pyarrow.parquet as pq  # noqa: PLC0415 - the same

    try:
        with pq.ParquetFile(path) as file:
            return file.read()
    except (pa.ArrowException, OSError) as error:
        raise ParquetError(f"{path} cannot be read: {error}") from error


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_leftovers(directory: Path) -> None:
    """Remove the unfinished files of a killed export; only for who holds the folder's lock."""
    for path in directory.rglob(".*.parquet.tmp"):
        path.unlink(missing_ok=True)


def _field(column: psycopg.Column) -> Field:
    name, code = column.name, column.type_code
    plain = sql.Identifier(name)
    if code in _KINDS:
        return Field(name, _KINDS[code], plain)
    if code == _NUMERIC:
        precision, scale = min(column.precision or 38, 38), column.scale if column.precision else 9
        cast = sql.SQL("{}::numeric({}, {})").format(plain, sql.Literal(precision), sql.Literal(scale))
        fits = column.precision is not None and column.precision <= precision
        return Field(name, "decimal", plain if fits else cast, precision, scale or 0)
    if code == _BYTEA:
        return Field(name, "string", sql.SQL("encode({}, 'hex')").format(plain))
    if code in _INTEGER_ARRAYS:
        joined = sql.SQL("array_to_string({}, {})").format(plain, sql.Literal(_SEPARATOR))
        return Field(name, "integers", joined)
    if (column.type_display or "").endswith("[]"):
        return Field(name, "string", sql.SQL("to_json({})::text").format(plain))
    return Field(name, "string", sql.SQL("{}::text").format(plain))


def _raw_blocks(conn: psycopg.Connection, statement: sql.Composed) -> Iterator[bytes]:
    # The server sends a message a row, so blocks end where rows do, and at the same rows each time.
    pieces: list[bytes | bytearray | memoryview] = []
    size = 0
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for piece in copy:
            pieces.append(piece)
            size += len(piece)
            if size >= _BLOCK_BYTES or len(pieces) >= _BLOCK_ROWS:
                yield b"".join(pieces)
                pieces, size = [], 0
    if pieces:
        yield b"".join(pieces)


def _read_block(raw: bytes, fields: tuple[Field, ...]) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - see the charter
    from pyarrow import csv  # noqa: PLC0415 - the same

    schema = schema_of(fields)
    lists = [field.name for field in fields if field.kind == "integers"]
    types = {field.name: pa.string() if field.name in lists else schema.field(field.name).type for field in fields}
    try:
        table = csv.read_csv(
            pa.BufferReader(raw),
            read_options=csv.ReadOptions(column_names=schema.names, block_size=len(raw) + 1, use_threads=False),
            parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(
                column_types=types,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                true_values=["t"],
                false_values=["f"],
            ),
        )
    except pa.ArrowInvalid as error:
        raise ParquetError(f"the rows hold a value that no reader would understand: {error}") from error
    for name in lists:
        place = schema.get_field_index(name)
        table = table.set_column(place, schema.field(place), _lists(table.column(place).combine_chunks()))
    return table


def _lists(texts: pa.StringArray) -> pa.ListArray:
    """Return lists of integers from their joined texts; an empty text is an empty list, null stays null."""
    import pyarrow as pa  # noqa: PLC0415 - see the charter
    from pyarrow import compute  # noqa: PLC0415 - the same

    empty = compute.equal(texts, "")
    parts = compute.split_pattern(compute.if_else(empty, None, texts), _SEPARATOR)
    counts = compute.fill_null(compute.list_value_length(parts), 0)
    ends = compute.cumulative_sum(counts).cast(pa.int32())
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    return pa.ListArray.from_arrays(offsets, compute.list_flatten(parts).cast(pa.int64()), mask=compute.is_null(texts))


def sync(path: Path) -> None:
    """Wait until the disk has a file, or a folder's names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
