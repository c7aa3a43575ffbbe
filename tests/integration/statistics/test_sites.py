"""Both documentation sites, built from a live database and served."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from domain.settings import Settings
from orchestration.statistics.sites import docs_folder
from services.statistics_docs import serve_docs
from services.supervisor import Supervisor
from tests.environment import environment_of
from tests.integration.statistics.conftest import Market

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def configured(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of an installation on the random market."""
    address = SecretStr(market.address.libpq)
    home = tmp_path_factory.mktemp("home")
    return Settings(_env_file=None, home=home, DATABASE_URL=address)  # type: ignore[call-arg]  # the field's alias


@pytest.fixture(scope="module")
def printed(configured: Settings) -> str:
    """What ``pricescope docs`` printed when it had built both sites."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PRICESCOPE_", "DBT_"))}
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "docs"],
        capture_output=True,
        text=True,
        check=False,
        env=kept | environment_of(configured),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dbt_page(configured: Settings, printed: str) -> Path:
    return docs_folder(configured) / "dbt" / "index.html"


def test_the_command_names_the_page_that_leads_to_both_sites(configured: Settings, printed: str) -> None:
    front = docs_folder(configured) / "index.html"
    assert printed.strip() == str(front)
    assert re.findall(r'href="([^"]*)"', front.read_text()) == ["dbt/index.html", "quality/index.html"]


def test_dbt_docs_are_one_file_with_every_mart_and_exposure(dbt_page: Path) -> None:
    text = dbt_page.read_text()
    assert len(text) > 1_000_000
    for name in ("watch_condition_stats", "stg_core__listings", "underprice_alerts", "Pricescope: the statistics"):
        assert name in text
    assert [path.name for path in dbt_page.parent.iterdir()] == ["index.html"], "dbt's working files are gone"


def test_dbt_docs_tell_nothing_of_the_machine_and_load_nothing_from_elsewhere(
    dbt_page: Path, configured: Settings
) -> None:
    text = dbt_page.read_text()
    assert str(configured.home) not in text
    head = text[: text.index("<body")]
    assert re.findall(r'<(?:script|link)[^>]*(?:src|href)="https?:[^"]*"', head) == []


def test_dbt_docs_show_the_lineage_in_a_browser(dbt_page: Path, tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    done = subprocess.run(
        [
            *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=10000", "--dump-dom"),
            f"--user-data-dir={tmp_path}",
            f"file://{dbt_page}#!/model/model.pricescope.watch_condition_stats",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    for shown in ("What the things of a watch cost, by condition", "condition", "Underprice alerts", "numeric(18,4)"):
        assert shown in done.stdout


@pytest.mark.usefixtures("printed")
def test_data_docs_tell_of_every_layer_and_every_mart(configured: Settings) -> None:
    text = (docs_folder(configured) / "quality" / "index.html").read_text()
    titles = re.findall(r'<h2 id="\w+">([^<]*)</h2>', text)
    assert titles[:3] == ["Raw pages", "Listings", "Price history"]
    assert {"marts.watch_condition_stats", "marts.source_daily_stats"} <= set(titles[3:])
    assert len(re.findall("evaluated</th>", text)) == len(titles)


def test_the_sites_are_served_beside_a_front_page_even_before_they_are_built(
    configured: Settings, dbt_page: Path, tmp_path: Path
) -> None:
    new = configured.model_copy(update={"home": tmp_path / "new"})
    with Supervisor(log_dir=tmp_path, cwd=tmp_path) as supervisor:
        built, bare = serve_docs(configured, supervisor, port=0), serve_docs(new, supervisor, port=0)
        assert len(httpx2.get(f"{built}/dbt/").content) == dbt_page.stat().st_size
        assert all("pricescope docs" in httpx2.get(url).text for url in (built, bare))
        assert httpx2.get(f"{bare}/dbt/").status_code == 404
