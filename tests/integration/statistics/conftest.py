"""A database with a random market over which dbt has run; made once, because dbt takes seconds to start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.statistics.market import Thing, dbt, random_market, store
from tests.postgres import fresh_database
from warehouse.connect import DatabaseUrl, connect


@dataclass(frozen=True)
class Market:
    """The things stored, the database they are in, and where dbt left its artifacts."""

    things: list[Thing]
    address: DatabaseUrl
    target: Path
    printed: str


@pytest.fixture(scope="package")
def market(
    postgres_server: DatabaseUrl, database_template: DatabaseUrl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Market]:
    """Twelve watches of 1 to 150 listings after ``dbt build`` with all its tests and unit tests."""
    things = random_market(seed=7, sizes=(1, 2, 3, 4, 5, 6, 7, 9, 12, 30, 61, 150))
    target = tmp_path_factory.mktemp("dbt")
    with fresh_database(postgres_server, database_template) as address:
        with connect(address) as conn, conn.transaction():
            store(conn, things)
        yield Market(things, address, target, dbt(address, target, "build"))
