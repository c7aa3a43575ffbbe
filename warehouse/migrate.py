"""Brings a database to a revision of the schema: Alembic, run from code.

Belongs here: upgrade, downgrade, current. Does not: the revisions themselves (see migrations/versions).
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool, text

from warehouse.connect import DatabaseUrl

_MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "schema_version"
_LOCK = "pricescope.migrate"


def upgrade(url: DatabaseUrl | str, revision: str = "head") -> None:
    """Bring the database to ``revision``; processes that do so at once wait in turn. Nothing happens when it is there.

    Raises:
        alembic.util.CommandError: for an unknown revision, e.g. of a database that a newer release has migrated.
    """
    _run(url, "upgrade", revision)


def downgrade(url: DatabaseUrl | str, revision: str) -> None:
    """Take the database back to ``revision`` (``base`` for nothing at all), losing what that revision cannot hold."""
    _run(url, "downgrade", revision)


def current(url: DatabaseUrl | str) -> str | None:
    """Return the revision that the database is at, None before the first."""
    engine = create_engine(_address(url).sqlalchemy, poolclass=pool.NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def is_migrated(url: DatabaseUrl | str) -> bool:
    """Say whether the database is at the newest revision."""
    return current(url) == head()


def head() -> str:
    """Return the newest revision that this release knows."""
    revision = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    if revision is None:
        raise RuntimeError("the migrations folder holds no revision; reinstall Pricescope")
    return revision


def _address(url: DatabaseUrl | str) -> DatabaseUrl:
    return url if isinstance(url, DatabaseUrl) else DatabaseUrl.parse(url)


def _run(url: DatabaseUrl | str, direction: str, revision: str) -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    engine = create_engine(_address(url).sqlalchemy, poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(hashtextextended(:name, 0))"), {"name": _LOCK})
        connection.commit()
        configuration.attributes["connection"] = connection
        # Closing the connection gives the lock back, whatever happened.
        (command.upgrade if direction == "upgrade" else command.downgrade)(configuration, revision)
