"""A fresh warehouse and a name for Dagster's own database beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql
from pydantic import SecretStr

from domain.settings import Settings
from domain.settings import settings as process_settings
from tests.environment import apply_settings
from warehouse.connect import DatabaseUrl, connect


@pytest.fixture
def dagster_database(database: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """The address of a database that is not there yet; dropped afterwards where somebody made it."""
    address = database.with_database(f"{database.database}_dagster")
    yield address
    with connect(database.with_database("postgres")) as conn:
        conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(address.database)))


@pytest.fixture
def settings(
    database: DatabaseUrl, dagster_database: DatabaseUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Settings without a marketplace to reach; what the services put into the environment is taken back."""
    chosen = Settings(
        home=tmp_path / "home",
        DATABASE_URL=SecretStr(database.libpq),
        DAGSTER_DATABASE_URL=SecretStr(dagster_database.libpq),
        schedules_running=False,
    )
    apply_settings(monkeypatch, chosen)
    before = dict(os.environ)
    yield chosen
    # What the services put there is not monkeypatch's to take back.
    os.environ.clear()
    os.environ.update(before)
    process_settings.cache_clear()
