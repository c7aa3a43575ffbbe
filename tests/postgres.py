"""The PostgreSQL of the tests: one embedded server a checkout, a fresh migrated database a test.

Works under pytest-xdist and beside other test runs of the same checkout: all share the server, the last to leave stops
it, and a run that is killed leaves nothing behind that the next one does not use or drop. ``TEST_DATABASE_URL`` points
at another server (its account must be allowed to create databases).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import itertools
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from psycopg import sql

from warehouse.connect import DatabaseUrl, connect, ensure_database
from warehouse.embedded import EmbeddedServer
from warehouse.migrate import upgrade

_REPOSITORY = Path(__file__).resolve().parent.parent
_counter = itertools.count(1)


@contextlib.contextmanager
def running_server() -> Iterator[DatabaseUrl]:
    """Yield the address of a server to make databases on (its ``postgres`` database)."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield DatabaseUrl.parse(given)
        return
    home = _home()
    with (home / "users.lock").open("w") as users:
        alone = _try_lock_alone(users.fileno())
        if not alone:
            fcntl.flock(users, fcntl.LOCK_SH)
        # Only a power cut would tell the difference; tests of crashing servers start servers of their own.
        server = EmbeddedServer(home, {"fsync": "off", "full_page_writes": "off"})
        server.start()
        address = DatabaseUrl.parse(server.url("postgres"))
        if alone:
            _drop_leftovers(address)
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield address
        finally:
            if _try_lock_alone(users.fileno()):
                server.stop()


def migrated_template(server: DatabaseUrl) -> DatabaseUrl:
    """Return a database at the newest revision to copy from, made once for this state of the migrations."""
    digest = hashlib.sha256(f"{datetime.now(UTC):%Y-%m}".encode())
    for path in sorted((_REPOSITORY / "warehouse" / "migrations").rglob("*.py")):
        digest.update(path.read_bytes())
    address = server.with_database(f"pricescope_template_{digest.hexdigest()[:12]}")
    with (_home() / "template.lock").open("w") as lock, connect(server) as conn:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if conn.execute("select 1 from pg_database where datname = %s", (address.database,)).fetchone() is None:
            making = address.with_database(f"{address.database}_making")
            conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(making.database)))
            ensure_database(making)
            upgrade(making)
            conn.execute(
                sql.SQL("alter database {} rename to {}").format(
                    sql.Identifier(making.database), sql.Identifier(address.database)
                )
            )
    return address


@contextlib.contextmanager
def fresh_database(server: DatabaseUrl, template: DatabaseUrl | None = None) -> Iterator[DatabaseUrl]:
    """Yield a database of its own, a copy of ``template`` or empty, dropped afterwards."""
    address = server.with_database(f"pricescope_test_{os.getpid()}_{next(_counter)}")
    name = sql.Identifier(address.database)
    source = sql.Identifier("template1" if template is None else template.database)
    with connect(server) as conn:
        conn.execute(sql.SQL("create database {} template {}").format(name, source))
    try:
        yield address
    finally:
        with connect(server) as conn:
            conn.execute(sql.SQL("drop database if exists {} with (force)").format(name))


def _home() -> Path:
    digest = hashlib.sha256(os.fsencode(_REPOSITORY)).hexdigest()[:10]
    home = Path(tempfile.gettempdir()) / f"pricescope-tests-{os.geteuid()}-{digest}"
    home.mkdir(exist_ok=True)
    return home


def _try_lock_alone(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        # A failed conversion may have given the shared lock up; nobody below relies on it any more.
        return False
    return True


def _drop_leftovers(server: DatabaseUrl) -> None:
    with connect(server) as conn:
        for (name,) in conn.execute("select datname from pg_database where datname like 'pricescope\\_t%'").fetchall():
            conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
