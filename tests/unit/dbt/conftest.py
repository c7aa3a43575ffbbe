"""The manifest of the project as it stands, parsed once for all tests of this folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.unit.dbt.project import PARTS, Node, Project

PROJECT = Path(__file__).resolve().parents[3] / "dbt_project"


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Node:
    target = tmp_path_factory.mktemp("dbt")
    dbt = Path(sys.executable).with_name("dbt")
    command = [str(dbt), "parse", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    command += ["--target-path", str(target), "--log-path", str(target)]
    done = subprocess.run(  # our own dbt
        command,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
    )
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout.upper(), done.stdout
    parsed: Node = msgspec.json.decode((target / "manifest.json").read_bytes())
    return parsed


@pytest.fixture(scope="session")
def project(manifest: Node) -> Project:
    return Project({part: manifest[part] for part in PARTS})
