"""PostgreSQL's own programs: which pg_dump or pg_restore fits a server, and running one without showing a password.

Belongs here: choosing and running programs. Does not: what is dumped, or what a dump is good for (see backup).
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psycopg

from warehouse.connect import DatabaseUrl
from warehouse.embedded import EmbeddedServerError, binaries

Name = Literal["pg_dump", "pg_restore"]
# pg_restore sets transaction_timeout since 17, which older servers do not know.
_RESTORES_INTO_OTHERS = 17


class ToolError(Exception):
    """No program fits, or it failed; the message says what to do and never holds a password."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One of PostgreSQL's programs, with its major version."""

    path: Path
    major: int


def find_tool(name: Name, server_major: int) -> Tool:
    """Return the program of this machine that fits a server best: on PATH first, then the embedded server's.

    Raises:
        ToolError: when none fits.
    """
    found = installed_tools(name)
    chosen = choose(found, name, server_major)
    if chosen is None:
        there = ", ".join(f"{tool.major} at {tool.path}" for tool in found) or "none"
        raise ToolError(
            f"The server is PostgreSQL {server_major}, and no {name} here fits it (found: {there})."
            f" Install the client programs of PostgreSQL {server_major} and put them on PATH."
        )
    return chosen


def choose(tools: Sequence[Tool], name: Name, server_major: int) -> Tool | None:
    """Return the tool of the server's own version, else the oldest newer one that works with it, else None."""
    fitting = [tool for tool in tools if tool.major >= server_major]
    if name == "pg_restore" and server_major < _RESTORES_INTO_OTHERS:
        fitting = [tool for tool in fitting if tool.major < _RESTORES_INTO_OTHERS]
    return min(fitting, key=lambda tool: tool.major, default=None)


def installed_tools(name: Name) -> list[Tool]:
    """Return the programs of this name on PATH and of the embedded server, those that say their version."""
    places = [shutil.which(name, path=folder) for folder in os.get_exec_path()]
    with contextlib.suppress(EmbeddedServerError):  # not installed, which an external server does without
        places.append(str(binaries() / name))
    found: dict[Path, Tool] = {}
    for place in places:
        if place is not None and Path(place).exists():
            path = Path(place)
            major = _major(path)
            if major is not None:
                found.setdefault(path, Tool(path, major))
    return list(found.values())


def run_tool(tool: Tool, arguments: Sequence[str | Path], address: DatabaseUrl | None) -> str:
    """Run a program to its end and return what it printed; it learns of the database from its environment alone.

    Raises:
        ToolError: when it fails, with what it said.
    """
    done = subprocess.run(  # noqa: S603 - PostgreSQL's programs, arguments of ours
        [str(tool.path), *map(str, arguments)],
        env=environment(os.environ, address),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip()[-2000:]
        if address is not None and address.password:
            said = said.replace(address.password, "***")
        raise ToolError(f"{tool.path.name} {tool.major} failed: {said}")
    return done.stdout


def environment(given: Mapping[str, str], address: DatabaseUrl | None) -> dict[str, str]:
    """Return a process's environment with the address of a database, and without the caller's own.

    Raises:
        ToolError: for a parameter of the address that libpq takes from no variable.
    """
    variables = {name: value for name, value in given.items() if not name.startswith("PG")}
    variables["LC_MESSAGES"] = "C"
    if address is None:
        return variables
    parameters = {
        "host": address.host,
        "port": str(address.port),
        "user": address.user,
        "dbname": address.database,
        **({} if address.password is None else {"password": address.password}),
        **dict(address.options),
    }
    names = {
        option.keyword.decode(): option.envvar.decode()
        for option in psycopg.pq.Conninfo.get_defaults()
        if option.envvar is not None
    }
    unknown = sorted(parameters.keys() - names.keys())
    if unknown:
        raise ToolError(f"DATABASE_URL: {', '.join(unknown)} cannot be passed to PostgreSQL's programs; leave it out")
    return variables | {names[name]: value for name, value in parameters.items()}


def _major(path: Path) -> int | None:
    try:
        said = subprocess.run(  # noqa: S603 - the program found above
            [str(path), "--version"], capture_output=True, text=True, check=False, timeout=20
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"\) (\d+)", said)
    return None if version is None else int(version.group(1))
