"""Dagster's home on this machine: its configuration and its workspace, written from the settings.

Belongs here: the files in it. Does not: starting what reads them (``stack``).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml
from dotenv import dotenv_values

from domain.settings import Settings
from warehouse.connect import resolve_database

ROOT = Path(__file__).resolve().parents[1]
LOCATIONS = {"polling": "orchestration.definitions", "statistics": "orchestration.statistics.definitions"}


def prepare(settings: Settings) -> dict[str, str]:
    """Write ``dagster.yaml`` under the home and put DAGSTER_HOME and its database into the environment.

    Returns:
        The environment that Dagster processes need.
    """
    home = settings.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    _write(home / "dagster.yaml", (ROOT / "deploy" / "dagster.local.yaml").read_text())
    environment = {
        **_env_file(),
        "DAGSTER_HOME": str(home),
        "DAGSTER_DATABASE_URL": resolve_database(settings).dagster.sqlalchemy_psycopg2,
        "PRICESCOPE_HOME": str(settings.home),
    }
    os.environ.update(environment)
    return environment


def _env_file() -> dict[str, str]:
    """Return what ``.env`` says here: the services run in the project's folder, where there may be another or none."""
    return {name: value for name, value in dotenv_values(".env").items() if value and name not in os.environ}


def _write(path: Path, text: str) -> None:
    """Replace a file whole: a run that starts at this moment reads the old one or the new one."""
    if path.exists() and path.read_text() == text:
        return
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)


def workspace_path(settings: Settings) -> Path:
    """Return where the workspace of the running code servers is written."""
    return settings.home / "dagster" / "workspace.yaml"


def write_workspace(settings: Settings, ports: Mapping[str, int]) -> Path:
    """Write a workspace that points at running code servers; return its path."""
    servers = [
        {"grpc_server": {"host": "127.0.0.1", "port": port, "location_name": name}} for name, port in ports.items()
    ]
    path = workspace_path(settings)
    _write(path, yaml.safe_dump({"load_from": servers}))
    return path
