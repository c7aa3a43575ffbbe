"""The command as a user types it: a process of its own, against a sandbox and a fresh database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.server import SandboxServer
from tests.postgres import fresh_database
from tests.sandbox import running_sandbox
from warehouse.connect import DatabaseUrl

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("mail")) as server:
        yield server


@pytest.fixture(scope="module")
def own_database(postgres_server: DatabaseUrl, database_template: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """One database for the commands of a module, which follow one another as a user's do."""
    with fresh_database(postgres_server, database_template) as address:
        yield address


@pytest.fixture(scope="module")
def own_dagster_database(postgres_server: DatabaseUrl) -> Iterator[DatabaseUrl]:
    with fresh_database(postgres_server) as address:
        yield address


@pytest.fixture(scope="module")
def pricescope(
    market: SandboxServer,
    own_database: DatabaseUrl,
    own_dagster_database: DatabaseUrl,
    tmp_path_factory: pytest.TempPathFactory,
) -> Command:
    """Run `pricescope` with the given arguments; extra environment by keyword."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PRICESCOPE_", "DAGSTER_"))},
        "DATABASE_URL": own_database.libpq,
        "DAGSTER_DATABASE_URL": own_dagster_database.libpq,
        "PRICESCOPE_HOME": str(tmp_path_factory.mktemp("home")),
        "PRICESCOPE_SANDBOX_URL": market.url,
        "PRICESCOPE_SMTP_HOST": "127.0.0.1",
        "PRICESCOPE_SMTP_PORT": str(market.smtp_port),
        "PRICESCOPE_SMTP_STARTTLS": "false",
        "PRICESCOPE_EMAIL_FROM": "pricescope@example.org",
        "PRICESCOPE_EMAIL_TO": "owner@example.org",
        "COLUMNS": "200",
    }

    def run(*arguments: str | Path, **extra: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli.main", *map(str, arguments)]
        return subprocess.run(
            command, env={**environment, **extra}, capture_output=True, text=True, check=False, timeout=120
        )

    return run
