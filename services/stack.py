"""The whole stack on one machine: PostgreSQL, two code servers, the daemon, the webserver."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from domain.settings import Settings
from services import dagster_home
from services.dagster_api import DagsterApi, DagsterApiError
from services.supervisor import Service, Supervisor, free_port, port_answers, url_answers
from warehouse.connect import ensure_database, resolve_database
from warehouse.embedded import EmbeddedServer
from warehouse.migrate import upgrade


@dataclass
class Stack:
    """Addresses of a running stack."""

    url: str
    api: DagsterApi
    supervisor: Supervisor
    environment: Mapping[str, str] = field(default_factory=dict)


def prepare_databases(settings: Settings) -> None:
    """Start the embedded server where no DATABASE_URL is given, make both databases, migrate the warehouse."""
    urls = resolve_database(settings)
    ensure_database(urls.warehouse)
    ensure_database(urls.dagster)
    upgrade(urls.warehouse)


def release_databases(settings: Settings) -> None:
    """Stop the embedded server, if it is ours."""
    if settings.database_url is None:
        EmbeddedServer(settings.home).stop()


def create_dagster_tables() -> None:
    """Open the instance once, so that the processes that follow find its tables made."""
    import dagster as dg  # noqa: PLC0415 - two seconds that only the stack pays

    dg.DagsterInstance.get().dispose()


def start_dagster(settings: Settings, supervisor: Supervisor, *, port: int, env: Mapping[str, str]) -> Stack:
    """Start code servers and webserver and wait until both locations are loaded; the daemon is ``start_daemon``'s.

    Raises:
        ServiceError: when one does not come up.
        DagsterApiError: when a code location does not load; the message is its error.
    """
    python = sys.executable
    ports: dict[str, int] = {}
    servers: dict[str, Service] = {}
    for name, module in dagster_home.LOCATIONS.items():
        ports[name] = free_port()
        argv = [python, "-m", "dagster", "api", "grpc", "-m", module, "-h", "127.0.0.1", "-p", str(ports[name])]
        argv += ["--location-name", name]
        servers[name] = supervisor.start(f"code-{name}", argv, env)
    workspace = str(dagster_home.write_workspace(settings, ports))
    for name, service in servers.items():
        supervisor.await_answer(service, lambda name=name: port_answers(ports[name]))
    web_port = free_port(port)
    url = f"http://127.0.0.1:{web_port}"
    web = supervisor.start(
        "webserver",
        [python, "-m", "dagster_webserver", "-w", workspace, "-h", "127.0.0.1", "-p", str(web_port)],
        env,
    )
    supervisor.await_answer(web, lambda: url_answers(f"{url}/server_info"))
    api = DagsterApi(url)
    broken = {name: error for name, error in api.locations().items() if error}
    if broken:
        raise DagsterApiError("; ".join(f"code location {name}: {error}" for name, error in broken.items()))
    return Stack(url=url, api=api, supervisor=supervisor, environment=env)


def start_daemon(settings: Settings, stack: Stack) -> None:
    """Start the daemon: schedules, sensors, backfills and the run queue.

    Apart from the web server because a backfill asked for before the daemon's first round starts half a minute sooner.
    """
    workspace = str(dagster_home.workspace_path(settings))
    stack.supervisor.start(
        "daemon", [sys.executable, "-m", "dagster._daemon", "run", "-w", workspace], stack.environment
    )


def log_dir(settings: Settings) -> Path:
    """Return where the services' logs are."""
    return settings.home / "logs"
