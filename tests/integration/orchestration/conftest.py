"""A sandbox a module; a fresh database, a Dagster instance in memory and this process's settings a test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from pydantic import SecretStr

from domain.settings import Settings
from domain.settings import settings as process_settings
from sandbox.server import SandboxServer
from tests.environment import apply_settings
from tests.sandbox import clear_faults, running_sandbox, sandbox_settings
from warehouse.connect import DatabaseUrl

# The server of the tests asks for no password, so any will do: it must appear in no event.
SECRET = "hunter2-do-not-log"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("mail")) as server:
        yield server


@pytest.fixture
def settings(
    market: SandboxServer, database: DatabaseUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    planted = {"slack_webhook_url": SecretStr(f"{market.url}/slack/services/T0/B0/{SECRET}")}
    secretive = replace(database, password=SECRET)
    chosen = sandbox_settings(market, secretive, tmp_path).model_copy(update=planted)
    apply_settings(monkeypatch, chosen)
    yield chosen
    process_settings.cache_clear()
    clear_faults(market)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def kept_instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance on disk, for what opens it anew: the evaluation of a schedule, the logs of runs."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as kept:
        yield kept
