"""Sources side by side: one that fails or hangs takes nothing from the others."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from domain.settings import Settings, load_settings
from sandbox.server import SandboxServer
from services.sync import sync_sources
from tests.environment import apply_settings
from tests.sandbox import add_watch, running_sandbox
from warehouse.connect import DatabaseUrl, connect

pytestmark = pytest.mark.integration
URL = "https://www.vinted.fr/catalog?search_text=levi%27s+501"


@pytest.fixture
def market(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> SandboxServer:
    with running_sandbox(tmp_path / "mail") as server:
        nowhere = tmp_path / "no-browser"
        apply_settings(monkeypatch, settings.model_copy(update={"sandbox_url": server.url, "chromium_path": nowhere}))
        yield server


def test_a_source_that_fails_does_not_stop_another(market: SandboxServer, database: DatabaseUrl) -> None:
    with connect(database) as conn:
        add_watch(conn, load_settings(), URL, "jeans")
    results = {result.source: result for result in sync_sources(["nowhere", "vinted"], seconds=100)}
    assert results["vinted"].success
    assert "poll success" in results["vinted"].sentence
    assert not results["nowhere"].success
    assert "unknown source 'nowhere'" in results["nowhere"].sentence
    with connect(database) as conn:
        assert conn.execute("select count(*) from core.listings").fetchone() != (0,)


def test_a_source_that_hangs_is_ended_at_the_limit(market: SandboxServer, database: DatabaseUrl) -> None:
    with connect(database) as conn:
        add_watch(conn, load_settings(), URL, "jeans")
    fault = {"source": "vinted", "fault": "slow", "seconds": 25, "count": 100}
    httpx2.post(f"{market.url}/control/faults", json=fault).raise_for_status()
    (result,) = sync_sources(["vinted"], seconds=6)
    assert not result.success
    assert "time limit" in result.sentence
