"""Reads the deployment's files as the tools that use them would, for the tests of ``deploy/``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
COMPOSE = ROOT / "docker-compose.yml"
# ${NAME}, ${NAME:-default}, ${NAME:?message}; $$ is a dollar sign.
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


class MissingVariableError(Exception):
    """A variable that the compose file requires is not set; the message is the file's own."""


def compose() -> dict[str, Any]:
    """Return docker-compose.yml with anchors and merges resolved and variables as they stand."""
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


def compose_variables() -> set[str]:
    """Return the names of the variables that docker-compose.yml takes from its surroundings."""
    return {match["name"] for match in _VARIABLE.finditer(COMPOSE.read_text())}


def service_argv(service: str) -> list[str]:
    """Return exactly what the service executes, as an argument list."""
    command = compose()["services"][service]["command"]
    if not isinstance(command, list):
        raise TypeError(f"{service}: write the command as a list, so that no shell splits it")
    return [str(part) for part in command]


def healthcheck_argv(service: str) -> list[str]:
    """Return what the service's health check executes, as an argument list."""
    kind, *argv = compose()["services"][service]["healthcheck"]["test"]
    return ["sh", "-c", *argv] if kind == "CMD-SHELL" else [str(part) for part in argv]


def service_environment(service: str, variables: dict[str, str]) -> dict[str, str]:
    """Return the service's own environment with ``variables`` filled in.

    Raises:
        MissingVariableError: when a required one is not among them.
    """
    environment = compose()["services"][service].get("environment", {})
    return {name: _filled(str(value), variables) for name, value in environment.items()}


def _filled(text: str, variables: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        given = variables.get(match["name"], "")
        if given:
            return given
        if match["kind"] == "?":
            raise MissingVariableError(f"{match['name']}: {match['rest']}")
        return match["rest"] or ""

    return _VARIABLE.sub(value, text).replace("$$", "$")
