"""`pricescope up` as a user or a service manager runs it: one process to start, one signal to stop, nothing left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest

from domain.settings import Settings
from services import dagster_home
from services.dagster_api import DagsterApi, DagsterApiError
from services.stack import prepare_databases, start_dagster
from services.supervisor import ServiceError, Supervisor, free_port, url_answers
from tests.integration.services.processes import alive_with, wait_for
from warehouse.embedded import EmbeddedServer

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
MARK = "PRICESCOPE_TEST_MARK"


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a newcomer: nothing configured, everything under a home of its own."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PRICESCOPE_", "DAGSTER_", "DBT_"))
    }
    kept.pop("DATABASE_URL", None)
    return {**kept, "PRICESCOPE_HOME": str(home), "PRICESCOPE_SCHEDULES_RUNNING": "false", MARK: str(home)}


@contextmanager
def running_up(home: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "-m", "cli.main", "up", *arguments]
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.log").open("wb") as log:
        process = subprocess.Popen(argv, env=environment(home), cwd=ROOT, stdout=log, stderr=log)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
                for line in alive_with(MARK, str(home)):
                    psutil.Process(int(line.split()[0])).kill()
            EmbeddedServer(home).stop()


def test_up_serves_both_code_locations_and_ends_on_sigterm_with_nothing_left(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    url = f"http://127.0.0.1:{port}"
    with running_up(home, "--port", str(port)) as process:
        said = home / "up.log"
        assert wait_for(lambda: "Add watches" in said.read_text() or process.poll() is not None, seconds=150)
        assert process.poll() is None, said.read_text()
        assert url_answers(f"{url}/server_info")
        assert DagsterApi(url).locations() == {"polling": None, "statistics": None}
        assert EmbeddedServer(home).is_running()

        argv = [sys.executable, "-m", "cli.main", "up", "--port", str(free_port())]
        second = subprocess.run(argv, env=environment(home), cwd=ROOT, capture_output=True, text=True, check=False)
        assert second.returncode == 2
        assert "already running" in second.stderr
        assert "Traceback" not in second.stderr
        assert EmbeddedServer(home).is_running(), "the second one must not take the first one's database away"

        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, said.read_text()
        assert alive_with(MARK, str(home)) == []
        assert not EmbeddedServer(home).is_running()
        assert "Traceback" not in said.read_text()


def test_sigterm_while_it_still_starts_leaves_nothing_behind_either(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_up(home, "--port", "0") as process:
        assert wait_for(lambda: (home / "logs" / "code-polling.log").exists(), seconds=90)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert alive_with(MARK, str(home)) == []
        assert not EmbeddedServer(home).is_running()


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with running_up(tmp_path / "home", "--port", port) as process:
            assert process.wait(60) == 2
    said = (tmp_path / "home" / "up.log").read_text()
    assert f"port {port} of 127.0.0.1 is taken" in said
    assert "--port" in said
    assert "Traceback" not in said
    assert not (tmp_path / "home" / "postgres").exists()


def test_a_code_location_that_does_not_load_is_explained(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dagster_home, "LOCATIONS", {"polling": "tests.integration.services.broken_location"})
    prepare_databases(settings)
    env = dagster_home.prepare(settings)
    with (
        Supervisor(log_dir=settings.home / "logs", cwd=dagster_home.ROOT) as supervisor,
        pytest.raises(ServiceError, match="code-polling ended at once") as told,
    ):
        start_dagster(settings, supervisor, port=0, env=env)
    assert "the warehouse keys are lost" in str(told.value)


def test_a_web_server_that_is_not_there_is_named() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(DagsterApiError, match=f"{url} gives no answer"):
        DagsterApi(url).locations()
