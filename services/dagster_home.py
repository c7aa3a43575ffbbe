"""Dagster's home on this machine: its configuration and its workspace, written from the settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import yaml

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
    (home / "dagster.yaml").write_text((ROOT / "deploy" / "dagster.local.yaml").read_text())
    environment = {
        "DAGSTER_HOME": str(home),
        "DAGSTER_DATABASE_URL": resolve_database(settings).dagster.sqlalchemy_psycopg2,
        "PRICESCOPE_HOME": str(settings.home),
    }
    os.environ.update(environment)
    return environment


def workspace_path(settings: Settings) -> Path:
    """Return where the workspace of the running code servers is written."""
    return settings.home / "dagster" / "workspace.yaml"


def write_workspace(settings: Settings, ports: Mapping[str, int]) -> Path:
    """Write a workspace that points at running code servers; return its path."""
    servers = [
        {"grpc_server": {"host": "127.0.0.1", "port": port, "location_name": name}} for name, port in ports.items()
    ]
    path = workspace_path(settings)
    path.write_text(yaml.safe_dump({"load_from": servers}))
    return path
