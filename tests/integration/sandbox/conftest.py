from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from sandbox.server import SandboxServer

START = datetime(2026, 9, 1, tzinfo=UTC)
AT = START + timedelta(days=30)


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    folder: Path = tmp_path_factory.mktemp("mail")
    with SandboxServer(seed=11, start=START, mail_dir=folder) as server:
        yield server


@pytest.fixture
def sandbox(_server: SandboxServer) -> SandboxServer:
    """The running sandbox, without faults, mail or counts of the test before."""
    with httpx2.Client(base_url=_server.url) as client:
        for what in ("faults", "mailbox", "requests"):
            client.delete(f"/control/{what}")
        client.post("/control/sessions", json={"max_requests": None, "ttl_seconds": 3600, "details_open": False})
    _server.app.state.clock.set(AT)
    return _server


@pytest.fixture
def client(sandbox: SandboxServer) -> Iterator[httpx2.Client]:
    """A client at the sandbox's root, living on the thirtieth day of the market."""
    with httpx2.Client(base_url=sandbox.url, headers={"X-Sandbox-Time": AT.isoformat()}, timeout=10) as client:
        yield client
