"""A closed month of a table as one verified Parquet file, before anyone drops it.

Belongs here: writing, proving and keeping such files. Does not: when a month goes (see retention), the open data.

The file is read back before it gets its name: it must hold as many rows as the database has, and the digest of its
rows must be the one that the database computes over its own. Rows that an older archive of the month has and the
database no longer does are kept, so that archiving twice loses nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import psycopg
from psycopg import sql

from warehouse.parquet import (
    Field,
    ParquetError,
    ParquetFile,
    WrittenFile,
    copy_blocks,
    export_session,
    fields_of,
    file_sha256,
    read_all,
    read_groups,
    schema_of,
    sync,
)
from warehouse.partitions import next_month

if TYPE_CHECKING:
    import pyarrow as pa

_BODY = "body"


class _Shape(msgspec.Struct, frozen=True, kw_only=True):
    """How a table is cut into months, and what its rows are.

    Attributes:
        month: SQL for the rows ``t`` of the month from ``{first}`` to ``{end}``.
        names, join: what a row is about passes with its listing: the listing's name at the source goes along.
    """

    key: tuple[str, ...]
    month: str
    names: tuple[str, ...] = ()
    join: str = ""


_LISTING_NAMES = ("l.source", "l.external_id")
_LISTING_JOIN = " left join core.listings l using (listing_id)"
_SHAPES = {
    "raw.pages": _Shape(
        key=("fetched_at", "page_id"),
        month="t.fetched_at >= {first}::timestamptz and t.fetched_at < {end}::timestamptz",
    ),
    "core.price_history": _Shape(
        key=("listing_id", "observed_at"),
        month="t.observed_at >= {first}::timestamptz and t.observed_at < {end}::timestamptz",
        names=_LISTING_NAMES,
        join=_LISTING_JOIN,
    ),
    "core.price_history_months": _Shape(
        key=("listing_id", "month"),
        month="t.month = ({first}::timestamptz at time zone 'UTC')::date",
        names=_LISTING_NAMES,
        join=_LISTING_JOIN,
    ),
}
_SEPARATOR, _NULL = "\x1f", "\x1e"
_SLICE = 50_000


class ArchiveError(Exception):
    """A month that could not be archived; nothing may be dropped. The message says why."""


class RowsDigest(msgspec.Struct, frozen=True):
    """How many rows, and the sum over them of the first eight bytes of each row's MD5: whatever their order."""

    rows: int
    sum: int


class ArchivedPartition(msgspec.Struct, frozen=True, kw_only=True):
    """A month that is safe on disk.

    Attributes:
        path: the file; sha256 and bytes are of it.
        rows: in the file: those of the database, and those an older archive had besides.
        database: what the table's month was; see ``is_unchanged``.
    """

    table: str
    month: date
    path: Path
    rows: int
    sha256: str
    bytes: int
    database: RowsDigest


def archive_partition(
    conn: psycopg.Connection, table: str, month: date, directory: Path, *, open_too: bool = False
) -> ArchivedPartition:
    """Write a closed month of a table to ``<directory>/table=<name>/month=<YYYY-MM>/part-0.parquet``, and prove it.

    All columns are kept, but the body of a raw page. Calling it again is cheap while nothing changed, and never loses
    a row. Memory: a block; with an older archive that has rows of its own, the month.

    Args:
        conn: a connection, not in a transaction.
        table: ``raw.pages``, ``core.price_history`` or ``core.price_history_months``.
        month: any day of the UTC month.
        directory: where archives are; made when absent.
        open_too: also a month that is not over, some rows of which are about to go; it grows with the next archive.

    Raises:
        ValueError: for another table, or a month that is not over by the database's clock.
        ArchiveError: when the file cannot be written or does not hold what the database does; an older file stands.
    """
    if table not in _SHAPES:
        raise ValueError(f"{table} is not archived by month; choose one of {', '.join(_SHAPES)}")
    first = month.replace(day=1)
    path = directory / f"table={table.partition('.')[2]}" / f"month={first:%Y-%m}" / "part-0.parquet"
    try:
        with export_session(conn):
            if not open_too:
                _require_closed(conn, first)
            return _archive(conn, table, first, path)
    except (ParquetError, OSError) as error:
        raise ArchiveError(f"{table} of {first:%Y-%m} is not archived: {error}") from error


def has_rows(conn: psycopg.Connection, table: str, month: date, *, before: date | None = None) -> bool:
    """Say whether a table has rows of a month; ``before``: of its days before this one, where it keeps days."""
    first = month.replace(day=1)
    found = conn.execute(
        sql.SQL("select exists (select from {} t where {})").format(sql.SQL(table), _month(table, first, before))
    ).fetchone()
    return found == (True,)


def is_unchanged(conn: psycopg.Connection, archived: ArchivedPartition) -> bool:
    """Say whether the database's month is what was archived: to ask in the transaction that drops it, once locked."""
    return _database_digest(conn, archived.table, archived.month) == archived.database


def _archive(conn: psycopg.Connection, table: str, first: date, path: Path) -> ArchivedPartition:
    wanted = _database_digest(conn, table, first)
    own = _own_fields(conn, table)
    if path.exists() and _digest(read_groups(path), own) == wanted:
        found = WrittenFile(path, wanted.rows, path.stat().st_size, file_sha256(path))
    else:
        # Proved under a name that readers pass over.
        fresh = path.with_name(f".{path.name}.new")
        try:
            found = _write(conn, table, first, fresh)
            kept = _only_in(path, fresh, table) if path.exists() else None
            if kept is not None:
                found = _merge(fresh, kept, table)
                wanted_here = _sum(wanted, _digest([kept], own))
            else:
                wanted_here = wanted
            if _digest(read_groups(fresh), own) != wanted_here:
                raise ArchiveError(
                    f"{table} of {first:%Y-%m}: read back, the archive does not hold the {wanted_here.rows} rows it"
                    " should; nothing was replaced. Check the disk, then try again."
                )
            fresh.replace(path)
            sync(path.parent)
        finally:
            fresh.unlink(missing_ok=True)
    return ArchivedPartition(
        table=table,
        month=first,
        path=path,
        rows=found.rows,
        sha256=found.sha256,
        bytes=found.bytes,
        database=wanted,
    )


def _write(conn: psycopg.Connection, table: str, first: date, path: Path) -> WrittenFile:
    query = _query(conn, table, first)
    fields = fields_of(conn, query)
    file = ParquetFile(path, schema_of(fields))
    try:
        copy_blocks(conn, query, fields, file.write)
        return file.finish(durable=True)
    except BaseException:  # an interrupt, too, leaves no half file
        file.discard()
        raise


def _only_in(old: Path, new: Path, table: str) -> pa.Table | None:
    """Return the rows of an older archive whose keys the new one does not have, None when there are none."""
    key = list(_SHAPES[table].key)
    rows = read_all(old).join(read_all(new).select(key), keys=key, join_type="left anti")
    return rows if rows.num_rows else None


def _merge(path: Path, kept: pa.Table, table: str) -> WrittenFile:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and most processes archive nothing

    # A column that either lacks, as another release wrote it, is null there.
    both = pa.concat_tables([read_all(path), kept], promote_options="default")
    file = ParquetFile(path, both.schema)
    file.write(both.sort_by([(column, "ascending") for column in _SHAPES[table].key]))
    return file.finish(durable=True)


# ------------------------------------------------------------ digests, by the database and over a file


def _database_digest(conn: psycopg.Connection, table: str, first: date) -> RowsDigest:
    texts = [
        sql.SQL("coalesce({}, {})").format(_canonical(field), sql.Literal(_NULL)) for field in _own_fields(conn, table)
    ]
    row = conn.execute(
        sql.SQL(
            "select count(*), coalesce(sum(('x' || left(md5(concat_ws({}, {})), 16))::bit(64)::bigint), 0)::text"
            " from {} t where {}"
        ).format(sql.Literal(_SEPARATOR), sql.SQL(", ").join(texts), sql.SQL(table), _month(table, first))
    ).fetchone()
    return RowsDigest(0, 0) if row is None else RowsDigest(row[0], int(row[1]))


def _canonical(field: Field) -> sql.Composed:
    """Return SQL for the text of a value that depends on no setting of a session; ``_texts`` makes the same."""
    name = sql.Identifier(field.name)
    if field.kind == "timestamp":
        return sql.SQL("(extract(epoch from {}) * 1000000)::bigint::text").format(name)
    if field.kind == "date":
        return sql.SQL("to_char({}, 'YYYY-MM-DD')").format(name)
    if field.kind == "bool":
        return sql.SQL("{}::int::text").format(name)
    if field.kind in {"float32", "float64", "integers"}:
        raise ArchiveError(f"column {field.name}: a {field.type} has no digest here; add one to warehouse/archive.py")
    return sql.SQL("({})::text").format(field.expression)


def _digest(tables: Iterable[pa.Table], fields: Sequence[Field]) -> RowsDigest:
    rows = total = 0
    for table in tables:
        for text in _texts(table, fields):
            rows += 1
            total += int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8], signed=True)
    return RowsDigest(rows, total)


def _texts(table: pa.Table, fields: Sequence[Field]) -> Iterator[str]:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and most processes archive nothing
    from pyarrow import compute  # noqa: PLC0415 - the same

    columns = []
    for field in fields:
        if field.name not in table.schema.names:
            columns.append(pa.array([_NULL] * table.num_rows, pa.string()))
            continue
        column = table.column(field.name).combine_chunks()
        if field.kind in {"timestamp", "bool"}:
            column = column.cast(pa.int64())
        columns.append(compute.fill_null(column.cast(pa.string()), _NULL))
    for start in range(0, table.num_rows, _SLICE):
        part = [column.slice(start, _SLICE) for column in columns]
        yield from compute.binary_join_element_wise(*part, _SEPARATOR).to_pylist()


# ------------------------------------------------------------ queries


def _own_fields(conn: psycopg.Connection, table: str) -> tuple[Field, ...]:
    every = fields_of(conn, sql.SQL("select * from {}").format(sql.SQL(table)))
    return tuple(field for field in every if field.name != _BODY)


def _query(conn: psycopg.Connection, table: str, first: date) -> sql.Composed:
    shape = _SHAPES[table]
    columns = [sql.Identifier("t", field.name) for field in _own_fields(conn, table)]
    return sql.SQL("select {} from {} where {} order by {}").format(
        sql.SQL(", ").join([*columns, *(sql.SQL(name) for name in shape.names)]),
        sql.SQL(f"{table} t{shape.join}"),
        _month(table, first),
        sql.SQL(", ").join(sql.Identifier("t", column) for column in shape.key),
    )


def _month(table: str, first: date, before: date | None = None) -> sql.Composed:
    return sql.SQL(_SHAPES[table].month).format(
        first=sql.Literal(f"{first} 00:00+00"), end=sql.Literal(f"{before or next_month(first)} 00:00+00")
    )


def _require_closed(conn: psycopg.Connection, first: date) -> None:
    row = conn.execute("select now() < %s::timestamptz", (f"{next_month(first)} 00:00+00",)).fetchone()
    if row is None or row[0]:
        raise ValueError(f"{first:%Y-%m} is not over (UTC); only closed months are archived")


def _sum(one: RowsDigest, other: RowsDigest) -> RowsDigest:
    return RowsDigest(one.rows + other.rows, one.sum + other.sum)
