"""Fixtures that every test may ask for. The server itself is in tests/postgres.py."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.postgres import fresh_database, migrated_template, running_server
from warehouse.connect import DatabaseUrl, connect


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[DatabaseUrl]:
    """A real server for this test run; make databases on it with the fixtures below."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def database_template(postgres_server: DatabaseUrl) -> DatabaseUrl:
    """A migrated database that the others are copied from; never connect to it."""
    return migrated_template(postgres_server)


@pytest.fixture
def database(postgres_server: DatabaseUrl, database_template: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """A fresh migrated database of this test's own."""
    with fresh_database(postgres_server, database_template) as address:
        yield address


@pytest.fixture
def empty_database(postgres_server: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """A fresh database without our tables."""
    with fresh_database(postgres_server) as address:
        yield address


@pytest.fixture
def conn(database: DatabaseUrl) -> Iterator[psycopg.Connection]:
    """A connection to this test's own database."""
    with connect(database) as connection:
        yield connection
