"""The whole stack on one machine: PostgreSQL, two code servers, the daemon, the webserver.

Belongs here: which processes there are, in which order. Does not: watching over a process (``supervisor``).
"""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from domain.settings import Settings
from services import dagster_home
from services.dagster_api import DagsterApi, DagsterApiError
from services.supervisor import Service, ServiceError, Supervisor, free_port, port_answers, url_answers
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


@contextmanager
def only_stack(settings: Settings) -> Iterator[None]:
    """Hold this home's turn: two daemons would start every schedule twice.

    Raises:
        ServiceError: when another stack runs on this home.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "stack.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServiceError(
                f"Pricescope is already running on {settings.home}. Stop that one, or choose another PRICESCOPE_HOME."
            ) from None
        yield


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


def start_dagster(
    settings: Settings, supervisor: Supervisor, *, port: int, env: Mapping[str, str], host: str = "127.0.0.1"
) -> Stack:
    """Start code servers and webserver and wait until both locations are loaded; the daemon is ``start_daemon``'s.

    Args:
        port: of the web server; 0 for any free one.
        host: the address that the web server, and it alone, listens on.

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
        supervisor.await_answer(service, partial(port_answers, ports[name]))
    web_port = port or free_port()
    url = f"http://{reached_at(host)}:{web_port}"
    web = supervisor.start(
        "webserver",
        [python, "-m", "dagster_webserver", "-w", workspace, "-h", host, "-p", str(web_port)],
        env,
    )
    supervisor.await_answer(web, lambda: url_answers(f"{url}/server_info"))
    api = DagsterApi(url)
    broken = {name: error for name, error in api.locations().items() if error}
    if broken:
        raise DagsterApiError("; ".join(f"code location {name}: {error}" for name, error in broken.items()))
    return Stack(url=url, api=api, supervisor=supervisor, environment=env)


def reached_at(host: str) -> str:
    """Return the address at which this machine reaches a server that listens on ``host``."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - an address to recognise, not to listen on
    reached = everywhere.get(host, host)
    return f"[{reached}]" if ":" in reached else reached


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
