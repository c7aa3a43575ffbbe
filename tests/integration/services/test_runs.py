"""Runs that the command line starts: on a database that has never seen Dagster, and without its chatter."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from domain.settings import Settings, load_settings
from domain.settings import settings as process_settings
from pipeline.poll import utc_now
from sandbox.server import SandboxServer
from services.dagster_home import prepare
from services.runs import run_import, run_poll
from tests.environment import apply_settings
from tests.sandbox import add_watch, running_sandbox, set_fault
from warehouse.connect import DatabaseUrl, connect

pytestmark = pytest.mark.integration
URL = "https://www.vinted.fr/catalog?search_text=levi%27s+501"


@pytest.fixture
def market(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> SandboxServer:
    with running_sandbox(tmp_path / "mail") as server:
        nowhere = tmp_path / "no-browser"
        apply_settings(monkeypatch, settings.model_copy(update={"sandbox_url": server.url, "chromium_path": nowhere}))
        yield server


def test_a_first_poll_needs_no_stack_and_says_one_line(
    market: SandboxServer, database: DatabaseUrl, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings()
    with connect(database) as conn:
        add_watch(conn, settings, URL, "jeans")
    result = run_poll(settings, "vinted", utc_now().date())
    assert result.success
    (line,) = result.lines
    assert line.startswith("vinted ")
    assert "poll success" in line
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err == "", "Dagster's own events belong into its log"


def test_a_poll_says_on_the_terminal_that_the_source_refuses_and_nothing_else(
    market: SandboxServer, database: DatabaseUrl, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings()
    with connect(database) as conn:
        add_watch(conn, settings, URL, "jeans")
    set_fault(market, "changed")
    run_poll(settings, "vinted", utc_now().date())
    told = capfd.readouterr().err.splitlines()
    assert told
    assert all(line.startswith("vinted: watch 'jeans': changed: ") for line in told)


def test_a_failed_run_is_told_in_a_sentence_without_its_traceback(
    market: SandboxServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PRICESCOPE_SANDBOX_URL", "")
    settings = load_settings()
    assert settings.sandbox_url is None
    process_settings.cache_clear()
    result = run_import(settings, "vinted", [utc_now().date().replace(year=2024)])
    assert not result.success
    assert "pricescope import FILE" in result.lines[-1]
    assert result.lines[-1].startswith("No page of")
    assert "Traceback" not in capfd.readouterr().err


def test_services_hear_what_the_env_file_of_the_callers_folder_says(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("PRICESCOPE_EMAIL_FROM=me@example.org\nPRICESCOPE_HOME=elsewhere\nDATABASE_URL=\n")
    environment = prepare(settings)
    assert os.environ["PRICESCOPE_EMAIL_FROM"] == "me@example.org"
    assert environment["PRICESCOPE_EMAIL_FROM"] == "me@example.org"
    assert environment["PRICESCOPE_HOME"] == str(settings.home), "the environment goes before the file"
    assert "DATABASE_URL" not in environment
