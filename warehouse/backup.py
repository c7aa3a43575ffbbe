"""Backups of the warehouse: a consistent dump with the digests of its rows, and the way back.

Belongs here: what a backup is, when a restore may begin, how it is proved. Does not: PostgreSQL's programs (pg_tools).

A backup is two files: pg_dump's own format, which pg_restore alone can read too, and ``<file>.json`` with the digest of
every table in the dump's very snapshot. Loading goes on meanwhile. A restore compares both, and is there whole or not
at all. Dagster's own database (its runs) is not part of it.
"""

from __future__ import annotations

import contextlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from warehouse.connect import DatabaseUrl, connect, ensure_database
from warehouse.digest import row_digests
from warehouse.migrate import current, is_known, upgrade
from warehouse.parquet import file_sha256
from warehouse.pg_tools import Tool, ToolError, find_tool, run_tool

_FORMAT = 1
# A server process outlives its closed connection by a moment, those of ours too.
_LEAVING_SECONDS = 3.0
_ATTEMPTS = 3


class BackupError(Exception):
    """A backup or a restore that cannot be made as asked; the message says what to do."""


class BackupNote(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside a dump.

    Attributes:
        made_at: UTC. revision: of the schema, None for a database without ours.
        server: PostgreSQL's major version. sha256, bytes: of the dump.
        tables: ``count:digest`` of each (``warehouse.digest.row_digests``).
    """

    made_at: datetime
    revision: str | None
    server: int
    sha256: str
    bytes: int
    tables: dict[str, str]
    format: int = _FORMAT

    @property
    def rows(self) -> int:
        """How many rows all tables have."""
        return sum(int(digest.partition(":")[0]) for digest in self.tables.values())


def backup(url: DatabaseUrl, target: Path, *, now: datetime) -> tuple[Path, BackupNote]:
    """Dump the database; return the dump's file and what stands beside it. Only their owner may read them.

    Args:
        url: the warehouse.
        target: a file to write; or a directory, in which the file is named after the time.
        now: UTC.

    Raises:
        BackupError: when it cannot be written, or no pg_dump fits the server; nothing half stays behind.
        DatabaseError: when the server cannot be reached.
    """
    path = target / f"pricescope-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.dump" if target.is_dir() else target
    hidden = path.with_name(f".{path.name}.tmp")
    try:
        os.close(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror}; choose another file") from None
    try:
        tables, server = _dump(url, hidden)
        note = BackupNote(
            made_at=now,
            revision=current(url),
            server=server,
            sha256=file_sha256(hidden),
            bytes=hidden.stat().st_size,
            tables=tables,
        )
        _write_private(_note_path(path), msgspec.json.format(msgspec.json.encode(note), indent=1))
        hidden.replace(path)
    except ToolError as error:
        raise BackupError(str(error)) from None
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror}; free some space, or choose another") from None
    finally:
        hidden.unlink(missing_ok=True)
    return path, note


def restore(url: DatabaseUrl, path: Path, *, replace: bool = False) -> BackupNote | None:
    """Bring a backup into the database, compare every row's digest, and migrate it to this release.

    Args:
        url: the warehouse; the database is made when absent.
        path: the dump.
        replace: throw away what the database holds. It is thrown away only once the backup is in and proved.

    Returns:
        What stood beside the dump, None where nothing did: then no digest is compared.

    Raises:
        BackupError: for a file that is missing, damaged or of a newer release; for a database that holds tables,
            unless ``replace``; when it is in use and cannot be replaced; when the rows are not those of the backup.
        DatabaseError: when the server cannot be reached.
    """
    note = _read_note(path)
    ensure_database(url)
    held = _tables(url)
    if held and not replace:
        raise BackupError(
            f"{url} is not empty: it holds {len(held)} tables, {held[0]} among them. To throw them away, add --replace;"
            " else set DATABASE_URL to another database."
        )
    try:
        if held:
            _replace(url, path, note)
        else:
            _fill(url, path, note)
    except ToolError as error:
        raise BackupError(str(error)) from None
    upgrade(url)
    return note


def _dump(url: DatabaseUrl, file: Path) -> tuple[dict[str, str], int]:
    """Dump to the file; return the digests of the same snapshot and the server's major version.

    dbt puts new tables in the place of old ones, and retention drops partitions: of what is new, a snapshot from before
    shows no row. Locking all tables first would make pg_dump wait behind whoever waits for us. So it is noticed, and
    the dump made again; pg_dump itself holds such changes up while it runs.
    """
    with connect(url, application_name="pricescope:backup", statement_timeout_ms=0) as conn:
        major = conn.info.server_version // 10_000
        tool = find_tool("pg_dump", major)
        for _ in range(_ATTEMPTS):
            failure: Exception | None = None
            with conn.transaction():
                conn.execute("set transaction isolation level repeatable read, read only")
                conn.execute("set local idle_in_transaction_session_timeout = 0")  # it lives as long as the dump takes
                before = _relations(conn)
                try:
                    digests = _dump_and_digest(conn, tool, url, file)
                except (ToolError, psycopg.errors.UndefinedTable) as error:
                    failure = error
                    raise psycopg.Rollback from None
            if before.items() <= _relations(conn).items():
                if failure is not None:
                    raise failure
                return digests, major
    raise BackupError(
        f"tables were replaced or dropped during each of {_ATTEMPTS} attempts; back up while no statistics are built"
    )


def _dump_and_digest(conn: psycopg.Connection, tool: Tool, url: DatabaseUrl, file: Path) -> dict[str, str]:
    row = conn.execute("select pg_export_snapshot()").fetchone()
    arguments = ["--format=custom", "--compress=1", "--no-password", "--lock-wait-timeout=60s"]
    arguments += [f"--snapshot={row[0] if row else ''}", f"--file={file}"]
    with ThreadPoolExecutor(1, thread_name_prefix="pg_dump") as beside:
        dumping = beside.submit(run_tool, tool, arguments, url)
        # It writes once it holds its locks. Held before, ours would let others queue between us, and it behind them.
        while not dumping.done() and file.stat().st_size == 0:
            time.sleep(0.02)
        digests = row_digests(conn)
        dumping.result()
    return digests


def _relations(conn: psycopg.Connection) -> dict[str, tuple[int, int]]:
    """Return the identity of each table and partition, which changes when it is replaced or emptied."""
    return {
        name: (oid, file)
        for name, oid, file in conn.execute(
            "select n.nspname || '.' || c.relname, c.oid, c.relfilenode from pg_class c"
            " join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p')"
            " and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
    }


def _fill(url: DatabaseUrl, path: Path, note: BackupNote | None) -> None:
    """Restore into an empty database, in one transaction, and compare."""
    with connect(url, application_name="pricescope:restore", statement_timeout_ms=0) as conn:
        tool = find_tool("pg_restore", conn.info.server_version // 10_000)
        arguments = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password"]
        run_tool(tool, [*arguments, "--dbname", make_conninfo(dbname=url.database), path], url)
        found = row_digests(conn)
        wrong = [] if note is None else sorted(name for name, _ in set(found.items()) ^ set(note.tables.items()))
        if wrong:
            raise BackupError(
                f"{url} is restored, but its rows are not those of the backup in {', '.join(dict.fromkeys(wrong))}."
                " Do not use it; restore another backup."
            )
        conn.execute("analyze")


def _replace(url: DatabaseUrl, path: Path, note: BackupNote | None) -> None:
    """Restore beside the database, then let the new one take its name: until then the old one is as it was."""
    aside = url.with_database(f"{url.database}_restoring")
    gone = url.with_database(f"{url.database}_replaced")
    with _maintenance(url) as conn:
        _require_unused(conn, url)  # restoring takes long; who will be refused is told before
        # Of a restore that was killed: one that was not in yet, and what it had thrown away already.
        _drop(conn, aside)
        _drop(conn, gone)
        ensure_database(aside)
        try:
            _fill(aside, path, note)
            with conn.transaction():
                _rename(conn, url, gone)
                _rename(conn, aside, url)
        except psycopg.errors.ObjectInUse:
            _drop(conn, aside)
            raise BackupError(
                f"{url} came into use meanwhile and stays as it was. Stop what is connected to it, then try again."
            ) from None
        except BaseException:  # an interrupt, too, leaves nothing beside the database
            _drop(conn, aside)
            raise
        _drop(conn, gone)


def _maintenance(url: DatabaseUrl) -> psycopg.Connection:
    return connect(url.with_database("postgres"), application_name="pricescope:restore", statement_timeout_ms=0)


def _require_unused(conn: psycopg.Connection, url: DatabaseUrl) -> None:
    deadline = time.monotonic() + _LEAVING_SECONDS
    while users := conn.execute(
        "select distinct coalesce(nullif(application_name, ''), 'a client') from pg_stat_activity"
        " where datname = %s and backend_type = 'client backend' order by 1",
        (url.database,),
    ).fetchall():
        if time.monotonic() > deadline:
            raise BackupError(
                f"{url} is in use by {', '.join(name for (name,) in users)} and stays as it was."
                " Stop pricescope up and whatever else is connected, then try again."
            )
        time.sleep(0.05)


def _rename(conn: psycopg.Connection, old: DatabaseUrl, new: DatabaseUrl) -> None:
    conn.execute(
        sql.SQL("alter database {} rename to {}").format(sql.Identifier(old.database), sql.Identifier(new.database))
    )


def _drop(conn: psycopg.Connection, url: DatabaseUrl) -> None:
    conn.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(url.database)))


def _tables(url: DatabaseUrl) -> list[str]:
    with connect(url, application_name="pricescope:restore") as conn:
        return [
            name
            for (name,) in conn.execute(
                "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
                " where c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition and c.relpersistence <> 't'"
                " and n.nspname not in ('pg_catalog', 'information_schema')"
                # An extension's own tables and views are no data.
                " and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1"
            ).fetchall()
        ]


def _read_note(path: Path) -> BackupNote | None:
    if not path.is_file():
        raise BackupError(f"there is no backup {path}")
    beside = _note_path(path)
    try:
        note = msgspec.json.decode(beside.read_bytes(), type=BackupNote)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise BackupError(f"{beside} cannot be read ({error}); remove it to restore without comparing rows") from None
    if file_sha256(path) != note.sha256:
        raise BackupError(f"{path} is damaged: its SHA-256 is not the one in {beside.name}. Restore another backup.")
    if note.revision is not None and not is_known(note.revision):
        raise BackupError(
            f"{path} was made by a newer release (schema {note.revision}); install that one to restore it"
        )
    return note


def _note_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _write_private(path: Path, content: bytes) -> None:
    hidden = path.with_name(f".{path.name}.tmp")
    with contextlib.suppress(FileNotFoundError):
        hidden.unlink()
    with os.fdopen(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content + b"\n")
    hidden.replace(path)
