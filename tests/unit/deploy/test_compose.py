import itertools
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.unit.deploy.deployment import (
    ROOT,
    MissingVariableError,
    compose,
    compose_variables,
    healthcheck_argv,
    service_argv,
    service_environment,
)

SCHEMA = json.loads((Path(__file__).parent / "compose.schema.json").read_text())
SERVICES = compose()["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)


def _errors(document: object) -> list[str]:
    return [
        f"{error.json_path}: {error.message}" for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)
    ]


def test_the_compose_file_follows_the_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert _errors(compose()) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("services", "daemon", "comand"), ["x"]),
        (("services", "daemon", "command"), "dagster-daemon run"),
        (("services", "daemon", "stop_grace_period"), "90"),
        (("services", "daemon", "depends_on", "postgres", "condition"), "service_ready"),
        (("services", "postgres", "healthcheck", "test"), ["pg_isready"]),
        (("services", "postgres", "healthcheck", "interval"), 5),
        (("services", "postgres", "image"), "pgvector/pgvector:latest"),
        (("services", "postgres", "init"), False),
        (("services", "webserver", "ports"), ["web:3000"]),
        (("version",), "3.9"),
    ],
)
def test_the_schema_refuses_what_compose_would(path: tuple[str, ...], value: object) -> None:
    document = compose()
    place: Any = document
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    assert _errors(document)


def test_every_dependency_exists_and_can_meet_its_condition() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in SERVICES, name
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[needed], f"{name} waits for the health of {needed}"
            if how["condition"] == "service_completed_successfully":
                assert SERVICES[needed]["restart"] == "no", f"{needed} would never be complete"


def test_nothing_starts_before_the_database_is_migrated() -> None:
    for name in ("code-polling", "code-statistics", "daemon", "webserver"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert service_argv("migrate") == ["sh", "-c", "pricescope migrate && dagster instance migrate"]


def test_every_volume_used_is_declared_and_every_declared_one_used() -> None:
    used = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert used == set(compose()["volumes"])


def test_every_lasting_service_has_a_health_check() -> None:
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == {"migrate"}
    for name in SERVICES.keys() - {"migrate"}:
        assert healthcheck_argv(name)


def test_the_password_is_required_and_stands_nowhere_in_the_file() -> None:
    for name in SERVICES:
        with pytest.raises(MissingVariableError, match="set POSTGRES_PASSWORD"):
            service_environment(name, {})
    for service in SERVICES.values():
        for variable, value in service["environment"].items():
            assert not re.search(r"password=|://[^$]*:[^$@/]+@", str(value), re.IGNORECASE), variable
            if "PASSWORD" in variable:
                assert str(value).startswith("${POSTGRES_PASSWORD:?")
    assert compose_variables() == {"POSTGRES_PASSWORD"}


def test_the_services_find_the_database_and_each_other() -> None:
    for name in OURS:
        environment = service_environment(name, {"POSTGRES_PASSWORD": "s3cret"})
        assert environment["DATABASE_URL"] == "postgresql://pricescope:s3cret@postgres:5432/pricescope"
        assert environment["DAGSTER_DATABASE_URL"].startswith("postgresql+psycopg2://pricescope:s3cret@postgres:5432/")
        assert environment["PRICESCOPE_POLLING_HOST"] in SERVICES
        assert environment["PRICESCOPE_STATISTICS_HOST"] in SERVICES
    for name in ("code-polling", "code-statistics"):
        argv = service_argv(name)
        port = argv[argv.index("-p") + 1]
        assert f"port: {port}\n" in (ROOT / "deploy/workspace.yaml").read_text()
        assert port in healthcheck_argv(name)


def test_nothing_is_open_to_other_machines() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_file_that_a_command_names_is_in_the_project() -> None:
    for name in OURS:
        argv = service_argv(name)
        for flag, value in itertools.pairwise(argv):
            if flag in {"-w", "-d"}:
                assert (ROOT / value).exists(), f"{name}: {value}"


def test_the_image_is_built_without_root_registries_or_loose_torch() -> None:
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    instructions = [line.split(maxsplit=1) for line in dockerfile.splitlines() if re.match(r"[A-Z]+ ", line)]
    assert [rest for name, rest in instructions if name == "USER"] == ["pricescope"]
    installs = re.findall(r"pip install (.*?)(?: \\| *$)", dockerfile, re.MULTILINE)
    assert installs[0] == "torch==2.13.0"
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text().splitlines()
    assert "--constraint constraints.txt" in installs[1]
    assert not re.search(r"https?://|index-url|trusted-host", dockerfile.replace("127.0.0.1", ""))
    for source in re.findall(r"^COPY (?:--\S+ )?(.+) \./$", dockerfile, re.MULTILINE):
        assert all((ROOT / part).is_file() for part in source.split())
