"""Brings a database to a revision of the schema: Alembic, run from code.

Belongs here: upgrade, downgrade, current. Does not: the revisions themselves (see migrations/versions).

Every command asks whether the database is at the newest revision, and hardly any has to migrate: so Alembic and
SQLAlchemy, a quarter of a second of imports, are left to those that do.
"""

from __future__ import annotations

import re
from pathlib import Path

from warehouse.connect import DatabaseUrl, connect

_MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "schema_version"
_LOCK = "pricescope.migrate"
_REVISION = re.compile(r'^(down_revision|revision) = (?:None|"([^"]+)")$', re.MULTILINE)


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
    with connect(url) as conn:
        if conn.execute("select to_regclass(%s)", (VERSION_TABLE,)).fetchone() == (None,):
            return None
        row = conn.execute(f"select version_num from {VERSION_TABLE}").fetchone()
    return None if row is None else str(row[0])


def is_migrated(url: DatabaseUrl | str) -> bool:
    """Say whether the database is at the newest revision."""
    return current(url) == head()


def head() -> str:
    """Return the newest revision that this release knows."""
    found = _revisions()
    heads = found["revision"] - found["down_revision"]
    if len(heads) != 1:
        raise RuntimeError(
            f"the migrations folder must have one newest revision, not {len(heads)}; reinstall Pricescope"
        )
    return heads.pop()


def is_known(revision: str) -> bool:
    """Say whether this release can bring a database at that revision to the newest."""
    return revision in _revisions()["revision"]


def _revisions() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for path in (_MIGRATIONS / "versions").glob("v*.py"):
        for name, value in _REVISION.findall(path.read_text(encoding="utf-8")):
            found[name].add(value)
    return found


def _address(url: DatabaseUrl | str) -> DatabaseUrl:
    return url if isinstance(url, DatabaseUrl) else DatabaseUrl.parse(url)


def _run(url: DatabaseUrl | str, direction: str, revision: str) -> None:
    from alembic import command  # noqa: PLC0415 - see the charter: most commands never get here
    from alembic.config import Config  # noqa: PLC0415 - the same
    from sqlalchemy import create_engine, pool, text  # noqa: PLC0415 - the same

    configuration = Config()
    configuration.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    engine = create_engine(_address(url).sqlalchemy, poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(hashtextextended(:name, 0))"), {"name": _LOCK})
        connection.commit()
        configuration.attributes["connection"] = connection
        # Closing the connection gives the lock back, whatever happened.
        (command.upgrade if direction == "upgrade" else command.downgrade)(configuration, revision)
