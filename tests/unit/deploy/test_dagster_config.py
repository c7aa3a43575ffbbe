from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._core.errors import DagsterInvalidConfigError
from dagster._core.instance.config import dagster_instance_config
from dagster._core.instance.ref import InstanceRef
from dagster._core.workspace.load import location_origins_from_yaml_paths

from services.dagster_home import LOCATIONS
from tests.unit.deploy.deployment import DEPLOY, ROOT

FILES = ("dagster.yaml", "dagster.local.yaml")
URL = "postgresql+psycopg2://user:secret@127.0.0.1:5432/dagster"


@pytest.fixture(params=FILES)
def config_file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One of the instance files, in a home of its own, with the storage's address in the environment."""
    monkeypatch.setenv("DAGSTER_DATABASE_URL", URL)
    home = tmp_path / "dagster.yaml"
    home.write_text((DEPLOY / str(request.param)).read_text())
    return home


def _config(file: Path) -> dict[str, Any]:
    config, custom_class = dagster_instance_config(str(file.parent))
    assert custom_class is None
    return dict(config)


def test_dagster_accepts_the_instance_file(config_file: Path) -> None:
    assert _config(config_file)["run_monitoring"]["enabled"] is True


def test_dagster_would_notice_a_wrong_key(config_file: Path) -> None:
    config_file.write_text(config_file.read_text().replace("max_runtime_seconds", "max_run_time"))
    with pytest.raises(DagsterInvalidConfigError):
        _config(config_file)


def test_runs_events_and_schedules_are_kept_in_postgresql_through_psycopg2(config_file: Path) -> None:
    reference = InstanceRef.from_dir(str(config_file.parent))
    assert reference.storage_data is not None
    assert reference.storage_data.class_name == "DagsterPostgresStorage"
    assert yaml.safe_load(reference.storage_data.config_yaml) == {"postgres_url": {"env": "DAGSTER_DATABASE_URL"}}
    assert URL not in config_file.read_text()


def test_one_run_per_source_at_a_time_and_backfills_are_held_back(config_file: Path) -> None:
    runs = _config(config_file)["concurrency"]["runs"]
    limits = {limit["key"]: limit for limit in runs["tag_concurrency_limits"]}
    assert limits["dagster/partition/source"]["limit"] == 1
    assert limits["dagster/partition/source"]["value"] == {"applyLimitPerUniqueValue": True}
    assert limits["dagster/backfill"]["limit"] < runs["max_concurrent_runs"]


def test_a_failed_step_is_not_fetched_again_and_a_lost_run_ends(config_file: Path) -> None:
    config = _config(config_file)
    assert config["run_retries"] == {"enabled": True, "max_retries": 1, "retry_on_asset_or_op_failure": False}
    assert config["run_monitoring"]["max_runtime_seconds"] > 0
    assert config["run_monitoring"]["free_slots_after_run_end_seconds"] > 0


def test_ticks_do_not_pile_up_and_nothing_is_reported_home(config_file: Path) -> None:
    config = _config(config_file)
    for kind in ("schedule", "sensor", "auto_materialize"):
        assert all(days > 0 for days in config["retention"][kind]["purge_after_days"].values())
    assert config["telemetry"] == {"enabled": False}
    assert config["schedules"]["use_threads"]
    assert config["sensors"]["use_threads"]


def test_the_two_instances_differ_only_in_size_and_in_keeping_output() -> None:
    composed, local = (yaml.safe_load((DEPLOY / name).read_text()) for name in FILES)
    composed.pop("compute_logs")
    for config in (composed, local):
        config["concurrency"]["runs"].pop("max_concurrent_runs")
        config["concurrency"]["runs"]["tag_concurrency_limits"][1].pop("limit")
        config["schedules"].pop("num_workers")
        config["sensors"].pop("num_workers")
    assert composed == local


def test_every_room_that_logs_is_heard_in_the_run_log(config_file: Path) -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {
        "domain",
        "services",
        "sandbox",
        "cli",
        "tests",
    }
    assert set(_config(config_file)["python_logs"]["managed_python_loggers"]) == rooms


def test_the_workspace_of_this_folder_names_the_definitions() -> None:
    origins = location_origins_from_yaml_paths([str(ROOT / "workspace.yaml")])
    assert {origin.location_name: origin.loadable_target_origin.module_name for origin in origins} == LOCATIONS
    # Relative: Dagster reads it from where it is started, the project's root.
    assert {origin.loadable_target_origin.working_directory for origin in origins} == {"."}


def test_the_workspace_of_the_containers_asks_the_code_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRICESCOPE_POLLING_HOST", "code-polling")
    monkeypatch.setenv("PRICESCOPE_STATISTICS_HOST", "code-statistics")
    origins = location_origins_from_yaml_paths([str(DEPLOY / "workspace.yaml")])
    assert {(origin.location_name, origin.host, origin.port) for origin in origins} == {
        ("polling", "code-polling", 4000),
        ("statistics", "code-statistics", 4001),
    }
