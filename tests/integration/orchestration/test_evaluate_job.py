"""The evaluation as an asset: its checks, its plots, and that nothing but files and events comes of it."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from PIL import Image

from domain.settings import Settings
from orchestration.models import evaluate
from orchestration.resources import default_resources
from tests.integration.orchestration.jobs import metadata_of
from tests.integration.pipeline.sandbox_things import store_sandbox
from tests.tables import digests

pytestmark = pytest.mark.integration
CHECKS = {"coverage", "false_alarms", "ranking", "clusters"}
PLOTS = {"reliability", "scores", "lift", "clusters"}


def run(instance: dg.DagsterInstance, *, repeats: int = 5) -> dg.ExecuteInProcessResult:
    defs = dg.Definitions(
        assets=[evaluate.evaluate], jobs=[evaluate.job], resources=default_resources(), executor=dg.in_process_executor
    )
    config = {"ops": {"evaluate": {"config": {"repeats": repeats}}}}
    return defs.resolve_job_def("evaluate_deals").execute_in_process(instance=instance, run_config=config)


def checks_of(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {found.check_name: found for found in result.get_asset_check_evaluations()}


def test_a_run_on_the_sandbox_meets_its_checks_draws_its_plots_and_writes_to_no_table(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    store_sandbox(conn, seed=2)
    before = digests(conn)
    result = run(instance)
    assert result.success
    assert digests(conn) == before
    checks = checks_of(result)
    assert checks.keys() == CHECKS
    assert {name for name, check in checks.items() if check.passed} == CHECKS
    assert "by mean - k sigma" in str(checks["ranking"].description)
    told = metadata_of(result, "evaluate")
    folder = Path(str(told["EUR: files"]))
    assert folder == settings.home / "evaluation" / "eur"
    assert {path.stem for path in folder.iterdir()} == PLOTS
    for name in PLOTS:
        _, _, encoded = str(told[f"EUR: {name}"]).removesuffix(")").partition("base64,")
        png = base64.b64decode(encoded, validate=True)
        assert png == (folder / f"{name}.png").read_bytes()
        assert min(Image.open(io.BytesIO(png)).size) > 300
    assert "| mean - k sigma |" in str(told["EUR: tables"])


def test_with_little_data_no_check_fails_and_each_says_how_much_is_missing(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    nothing = checks_of(run(instance))
    assert all(check.passed for check in nothing.values())
    assert nothing["coverage"].description == "not enough data: 0 of 200 listings are known"
    store_sandbox(conn, seed=2, days=5)
    result = run(instance)
    checks = checks_of(result)
    assert all(check.passed for check in checks.values())
    told = metadata_of(result, "evaluate")
    (known,) = conn.execute("select count(*) from core.listings").fetchone() or (0,)
    assert 0 < int(str(told["listings"])) <= known < 200
    assert str(checks["ranking"].description).startswith(f"EUR: not enough data: {told['listings']} of 200")
    assert not (settings.home / "evaluation").exists()
