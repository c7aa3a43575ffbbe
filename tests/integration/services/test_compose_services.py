"""docker-compose.yml without a container engine: each service's own command, its health check, its stop.

Only hosts, ports and the folders of the image are replaced by those of this machine.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml

from services.dagster_api import DagsterApi
from services.supervisor import free_port
from tests.integration.services.forward import tcp_in_front_of
from tests.integration.services.processes import alive_with, wait_for
from tests.unit.deploy.deployment import DEPLOY, ROOT, compose, healthcheck_argv, service_argv, service_environment
from warehouse.connect import DatabaseUrl, connect
from warehouse.embedded import EmbeddedServer

pytestmark = pytest.mark.integration
MARK = "PRICESCOPE_TEST_MARK"
PASSWORD = "s3cret"
BIN = Path(sys.executable).parent


class Machine:
    """This machine in place of the containers' network."""

    def __init__(self, folder: Path, postgres_port: int) -> None:
        self.folder = folder
        self.ports = {name: str(free_port()) for name in ("4000", "4001", "3000")}
        self.postgres_port = postgres_port
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "dagster").mkdir()
        (folder / "dagster" / "dagster.yaml").write_text((DEPLOY / "dagster.yaml").read_text())
        workspace = (DEPLOY / "workspace.yaml").read_text()
        for old, new in self.ports.items():
            workspace = workspace.replace(f"port: {old}", f"port: {new}")
        (folder / "workspace.yaml").write_text(workspace)

    def argv(self, argv: list[str]) -> list[str]:
        mapped = {**self.ports, "deploy/workspace.yaml": str(self.folder / "workspace.yaml"), "0.0.0.0": "127.0.0.1"}
        for old, new in self.ports.items():
            argv = [part.replace(f"127.0.0.1:{old}", f"127.0.0.1:{new}") for part in argv]
        return [mapped.get(part, part) for part in argv]

    def environment(self, service: str) -> dict[str, str]:
        ours = service_environment(service, {"POSTGRES_PASSWORD": PASSWORD})
        hosts = {"code-polling": "127.0.0.1", "code-statistics": "127.0.0.1", "/var/lib/pricescope": str(self.folder)}
        ours = {
            name: hosts.get(value, value.replace("@postgres:5432", f"@127.0.0.1:{self.postgres_port}"))
            for name, value in ours.items()
        }
        return {
            # The scripts that the image has on its path, with the packages of this checkout.
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.folder),
            "DAGSTER_HOME": str(self.folder / "dagster"),
            "PRICESCOPE_SCHEDULES_RUNNING": "false",
            MARK: str(self.folder),
            **ours,
        }

    def start(self, service: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{service}.log").open("wb") as log:
            self.processes[service] = subprocess.Popen(
                self.argv(service_argv(service)), env=self.environment(service), cwd=ROOT, stdout=log, stderr=log
            )
        return self.processes[service]

    def said(self, service: str) -> str:
        return (self.folder / f"{service}.log").read_text(errors="replace")[-3000:]

    def is_healthy(self, service: str) -> bool:
        assert self.processes[service].poll() is None, self.said(service)
        argv = self.argv(healthcheck_argv(service))
        done = subprocess.run(argv, env=self.environment(service), cwd=ROOT, capture_output=True, check=False)
        return done.returncode == 0

    def stop(self, service: str) -> int:
        """Stop a service as compose does; return its exit code, an error where it takes longer than its grace."""
        grace = re.fullmatch(r"(\d+)s", compose()["services"][service]["stop_grace_period"])
        assert grace is not None
        self.processes[service].send_signal(signal.SIGTERM)
        return self.processes[service].wait(int(grace[1]))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A PostgreSQL as the image makes it: a superuser, one empty database, reached over TCP."""
    server = EmbeddedServer(tmp_path / "postgres-home", {"fsync": "off"})
    server.start()
    try:
        with connect(DatabaseUrl.parse(server.url("postgres"))) as conn:
            conn.execute("create role pricescope superuser login")
            conn.execute("create database pricescope owner pricescope")
        with tcp_in_front_of(server.socket_directory() / ".s.PGSQL.5432") as port:
            made = Machine(tmp_path, port)
            try:
                yield made
            finally:
                for line in alive_with(MARK, str(tmp_path)):
                    psutil.Process(int(line.split()[0])).kill()
                for process in made.processes.values():
                    process.wait(10)
    finally:
        server.stop()


def test_every_service_starts_in_its_order_is_healthy_and_stops_within_its_grace(machine: Machine) -> None:
    assert machine.start("migrate").wait(120) == 0, machine.said("migrate")

    for service in ("code-polling", "code-statistics"):
        machine.start(service)
    for service in ("code-polling", "code-statistics"):
        assert wait_for(lambda service=service: machine.is_healthy(service), seconds=120), machine.said(service)
    for service in ("daemon", "webserver"):
        machine.start(service)
    for service in ("webserver", "daemon"):
        assert wait_for(lambda service=service: machine.is_healthy(service), seconds=120), machine.said(service)

    api = DagsterApi(f"http://127.0.0.1:{machine.ports['3000']}")
    assert api.locations() == {"polling": None, "statistics": None}
    run_id = api.run_job("polling", "health", seconds=120)
    address = f"postgresql://pricescope:{PASSWORD}@127.0.0.1:{machine.postgres_port}/dagster"
    with connect(address) as conn:
        assert conn.execute("select status from runs where run_id = %s", (run_id,)).fetchone() == ("SUCCESS",)

    for service in ("webserver", "daemon", "code-statistics", "code-polling"):
        assert machine.stop(service) in {0, -signal.SIGTERM}, machine.said(service)
    # Python's own helper of a process that ended sees so a moment later.
    assert wait_for(lambda: not alive_with(MARK, str(machine.folder)), seconds=10), alive_with(
        MARK, str(machine.folder)
    )


def test_migrating_again_changes_nothing(machine: Machine) -> None:
    for _ in range(2):
        assert machine.start("migrate").wait(120) == 0, machine.said("migrate")
    assert PASSWORD not in machine.said("migrate")


def test_the_ports_that_the_services_meet_on_are_those_replaced_here() -> None:
    servers = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"]
    assert [server["grpc_server"]["port"] for server in servers] == [4000, 4001]
