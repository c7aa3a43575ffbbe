"""A sandbox a module, a fresh database a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.settings import Settings
from sandbox.server import SandboxServer
from tests.sandbox import clear_faults, running_sandbox, sandbox_settings
from warehouse.connect import DatabaseUrl


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("mail")) as server:
        yield server


@pytest.fixture
def settings(market: SandboxServer, database: DatabaseUrl, tmp_path: Path) -> Iterator[Settings]:
    yield sandbox_settings(market, database, tmp_path)
    clear_faults(market)
