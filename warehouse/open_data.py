"""The open data on disk: Parquet files by table, source and month, with a manifest that proves them.

Belongs here: folders, the manifest, what is written again and what is kept. Does not: the tables (open_tables), the
files' bytes (parquet), the archive of single months before they are dropped (archive).

    <directory>/manifest.json
    <directory>/table=price_history/source=vinted/month=2026-03/part-0.parquet

A unit is one month of one table. Its files are each written aside and renamed, then the manifest names them: a reader
never sees half a file, and an export that was killed goes on at the first unit that is missing. A month that the
database still knows is replaced whole; one that has passed its retention there is kept here.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

import msgspec
import psycopg

from warehouse.open_tables import OpenTable, open_tables
from warehouse.parquet import (
    Field,
    ParquetError,
    ParquetFile,
    copy_blocks,
    export_session,
    fields_of,
    file_sha256,
    remove_leftovers,
    run_ends,
    schema_of,
)

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "manifest.json"
FORMAT = 1
_FILE = "part-0.parquet"


class ExportError(Exception):
    """An export that cannot be made as asked; the message says what to do."""


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A file: its path below the directory, its rows, its size and the SHA-256 of its bytes."""

    path: str
    rows: int
    bytes: int
    sha256: str


class UnitEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A month of a table (``""``: all of it) as it was at ``exported_at`` (UTC), one file a source."""

    exported_at: datetime
    files: tuple[FileEntry, ...]


class TableEntry(msgspec.Struct, kw_only=True):
    """A table: its columns in the files with their types, and its units by month (``2026-03``)."""

    columns: dict[str, str]
    units: dict[str, UnitEntry] = msgspec.field(default_factory=dict)


class Manifest(msgspec.Struct, kw_only=True):
    """What a directory of open data holds; ``finished_at`` is None while an export runs or after one was killed."""

    started_at: datetime
    format: int = FORMAT
    finished_at: datetime | None = None
    tables: dict[str, TableEntry] = msgspec.field(default_factory=dict)


class ExportResult(msgspec.Struct, kw_only=True):
    """What an export wrote: its files, their rows and bytes, by table too; ``kept_units`` stood from before."""

    tables: int = 0
    files: int = 0
    rows: int = 0
    bytes: int = 0
    kept_units: int = 0
    removed_files: int = 0
    rows_by_table: dict[str, int] = msgspec.field(default_factory=dict)


Progress = Callable[[str, int, int, int], None]


def export(
    conn: psycopg.Connection,
    directory: Path,
    *,
    tables: Sequence[str] = (),
    first: date | None = None,
    last: date | None = None,
    resume: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    on_unit: Progress = lambda _name, _done, _total, _rows: None,
) -> ExportResult:
    """Write the open data: our tables in one snapshot of the database, then each of dbt's in one of its own.

    Args:
        conn: a connection, not in a transaction.
        directory: where to; made when absent.
        tables: names of those to write (``price_history``, ``marts.product_daily_prices``); empty: all.
        first: a day of the first UTC month to write; None: the oldest there is.
        last: a day of the last month to write; None: the newest. Tables without months are always written whole.
        resume: go on with an export that was killed: units that it wrote, and whose files are as they were, are kept.
            After a finished one, everything is written.
        now: the clock.
        on_unit: told after each unit its name, how many of how many (known so far) are done, and the rows so far.

    Raises:
        ExportError: for an unknown table, months the wrong way round, a directory that cannot be written or that
            another export writes to, a damaged manifest.
    """
    if first is not None and last is not None and first.replace(day=1) > last:
        raise ExportError(f"the first month {first:%Y-%m} is after the last, {last:%Y-%m}; swap them")
    with _locked(directory):
        chosen = _choose(open_tables(conn), tables)
        manifest = _manifest(directory, resume=resume, now=now())
        remove_leftovers(directory)
        run = _Run(conn, directory, manifest, now, on_unit, left=len(chosen))
        with export_session(conn):
            for table in chosen:
                if not table.is_replaced:
                    run.write(table, first, last, resume=resume)
        # Locked only while it is read: dbt waits for no more than that.
        for table in chosen:
            if table.is_replaced:
                try:
                    with export_session(conn, lock=table.origin):
                        run.write(table, first, last, resume=resume)
                except (psycopg.errors.UndefinedTable, psycopg.errors.LockNotAvailable) as error:
                    raise ExportError(
                        f"{table.name} is being replaced ({error.diag.message_primary}); once dbt is done, go on with"
                        " --resume"
                    ) from None
        manifest.finished_at = now()
        _save(directory, manifest)
    return run.result


def read_manifest(directory: Path) -> Manifest | None:
    """Return what the directory holds, None when it has no manifest.

    Raises:
        ExportError: when there is one that cannot be read.
    """
    path = directory / MANIFEST
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise ExportError(f"{path} cannot be read ({error}); export to another directory, or remove it") from None
    if found.format != FORMAT:
        raise ExportError(f"{path} is of format {found.format}, this release writes {FORMAT}; use another directory")
    return found


def damaged_files(directory: Path) -> list[str]:
    """Return the files of the manifest that are missing or not as it says, by their paths below the directory."""
    manifest = read_manifest(directory)
    entries = [] if manifest is None else [unit for table in manifest.tables.values() for unit in table.units.values()]
    return sorted(file.path for unit in entries for file in unit.files if not _is_as_told(directory, file))


class _Run:
    """An export under way: its manifest and what it has written."""

    def __init__(
        self,
        conn: psycopg.Connection,
        directory: Path,
        manifest: Manifest,
        now: Callable[[], datetime],
        on_unit: Progress,
        *,
        left: int,
    ) -> None:
        self._conn = conn
        self._directory = directory
        self._manifest = manifest
        self._now = now
        self._on_unit = on_unit
        self._left = left
        self._done = 0
        self.result = ExportResult(tables=left)

    def write(self, table: OpenTable, first: date | None, last: date | None, *, resume: bool) -> None:
        """Write the months of a table, but those that stand from the export that is gone on with."""
        self.result.rows_by_table[table.name] = 0
        self._left -= 1
        months = [month for month in table.months(self._conn) if _within(month, first, last)]
        for number, month in enumerate(months, 1):
            if resume and _stands(self._directory, self._manifest, table, month):
                self.result.kept_units += 1
            else:
                self._write_unit(table, month)
            self._done += 1
            # How many months the tables to come have is not known yet; each has one at least.
            total = self._done + len(months) - number + self._left
            self._on_unit(f"{table.name} {_key(month)}".strip(), self._done, total, self.result.rows)

    def _write_unit(self, table: OpenTable, month: date | None) -> None:
        query = table.query(month)
        fields = fields_of(self._conn, query)
        with _UnitFiles(self._directory, table, month, fields) as unit:
            try:
                copy_blocks(self._conn, query, fields, unit.write)
            except ParquetError as error:
                raise ExportError(f"{table.name} {_key(month)}: {error}") from error
        entry = self._manifest.tables.setdefault(table.name, TableEntry(columns={}))
        entry.columns = {field.name: field.type for field in unit.fields}
        known = entry.units.get(_key(month))
        if month is not None and not unit.written and known is not None and known.files:
            return  # past its retention in the database: here it stays
        entry.units[_key(month)] = UnitEntry(exported_at=self._now(), files=tuple(unit.written))
        _save(self._directory, self._manifest)
        self.result.removed_files += unit.remove_others()
        self.result.files += len(unit.written)
        self.result.bytes += sum(file.bytes for file in unit.written)
        self.result.rows += sum(file.rows for file in unit.written)
        self.result.rows_by_table[table.name] += sum(file.rows for file in unit.written)


class _UnitFiles:
    """The files of a unit while they are written: one a source, one after the other, as the rows are sorted."""

    def __init__(self, directory: Path, table: OpenTable, month: date | None, fields: tuple[Field, ...]) -> None:
        self._directory = directory
        self._table = table
        self._month = month
        # A partition's column is in its path, and nowhere else.
        self.fields = fields[1:] if table.source else fields
        self._schema = schema_of(self.fields)
        self._open: tuple[str, ParquetFile] | None = None
        self.written: list[FileEntry] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._finish()
        elif self._open is not None:
            self._open[1].discard()

    def write(self, rows: pa.Table) -> None:
        if not self._table.source:
            self._file("").write(rows)
            return
        runs = run_ends(rows.column(0))
        for start, (end, source) in zip([0, *(end for end, _ in runs)], runs, strict=False):
            self._file(source).write(rows.slice(start, end - start).remove_column(0))

    def remove_others(self) -> int:
        """Remove the unit's files that were not written now: their rows are in the database no more."""
        level = self._folder("*") / _FILE
        mine = {self._directory / file.path for file in self.written}
        others = [path for path in self._directory.glob(str(level.relative_to(self._directory))) if path not in mine]
        for path in others:
            path.unlink()
            with contextlib.suppress(OSError):  # another program's file is in the folder
                path.parent.rmdir()
        return len(others)

    def _file(self, source: str) -> ParquetFile:
        if self._open is not None and self._open[0] == source:
            return self._open[1]
        self._finish()
        path = self._folder(quote(source, safe="")) / _FILE
        self._open = source, ParquetFile(path, self._schema)
        return self._open[1]

    def _finish(self) -> None:
        if self._open is not None:
            done = self._open[1].finish()
            path = done.path.relative_to(self._directory).as_posix()
            self.written.append(FileEntry(path=path, rows=done.rows, bytes=done.bytes, sha256=done.sha256))
            self._open = None

    def _folder(self, source: str) -> Path:
        folder = self._directory / f"table={self._table.name}"
        if self._table.source:
            folder /= f"source={source}"
        return folder if self._month is None else folder / f"month={_key(self._month)}"


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ExportError(f"{directory} cannot be written: {error.strerror}; choose another directory") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ExportError(f"another export writes to {directory}; wait for it, or choose another directory") from None
    finally:
        os.close(handle)


def _choose(tables: Sequence[OpenTable], names: Sequence[str]) -> list[OpenTable]:
    unknown = sorted(set(names) - {table.name for table in tables})
    if unknown:
        raise ExportError(
            f"no table {', '.join(unknown)} in the open data; choose from {', '.join(table.name for table in tables)}"
        )
    return [table for table in tables if not names or table.name in names]


def _manifest(directory: Path, *, resume: bool, now: datetime) -> Manifest:
    known = read_manifest(directory)
    if known is None:
        return Manifest(started_at=now)
    if not (resume and known.finished_at is None):
        known.started_at = now
    known.finished_at = None
    return known


def _stands(directory: Path, manifest: Manifest, table: OpenTable, month: date | None) -> bool:
    entry = manifest.tables.get(table.name)
    unit = None if entry is None else entry.units.get(_key(month))
    if unit is None or unit.exported_at < manifest.started_at:
        return False
    return all(_is_as_told(directory, file) for file in unit.files)


def _is_as_told(directory: Path, file: FileEntry) -> bool:
    path = directory / file.path
    try:
        return path.stat().st_size == file.bytes and file_sha256(path) == file.sha256
    except FileNotFoundError:
        return False


def _within(month: date | None, first: date | None, last: date | None) -> bool:
    if month is None:
        return True
    return (first is None or first.replace(day=1) <= month) and (last is None or month <= last)


def _key(month: date | None) -> str:
    return "" if month is None else f"{month:%Y-%m}"


def _save(directory: Path, manifest: Manifest) -> None:
    hidden = directory / f".{MANIFEST}.tmp"
    hidden.write_bytes(msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=1) + b"\n")
    hidden.replace(directory / MANIFEST)
