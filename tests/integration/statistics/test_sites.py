"""Both documentation sites, built from a live database and served."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from domain.settings import Settings
from domain.settings import settings as process_settings
from orchestration.statistics.sites import build_data_docs, build_dbt_docs, docs_folder
from services.statistics_docs import serve_docs, write_front_page
from services.supervisor import Supervisor
from tests.environment import apply_settings
from tests.integration.statistics.conftest import Market

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def configured(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings of an installation on the random market."""
    with pytest.MonkeyPatch.context() as patch:
        # dbt's connection goes through the environment of this process; take back afterwards what is put there.
        for name, value in market.address.dbt_environment().items():
            patch.setenv(name, value)
        for name in (
            "PRICESCOPE_COMPARABLES_WINDOW_DAYS",
            "PRICESCOPE_BASE_CURRENCY",
            "DBT_SEND_ANONYMOUS_USAGE_STATS",
        ):
            patch.setenv(name, "to be taken back")
            patch.delenv(name)
        home = tmp_path_factory.mktemp("home")
        settings = Settings(_env_file=None, home=home, DATABASE_URL=SecretStr(market.address.libpq))  # type: ignore[call-arg]  # pydantic-settings' own
        apply_settings(patch, settings)
        yield settings
    process_settings.cache_clear()


@pytest.fixture(scope="module")
def dbt_page(configured: Settings) -> Path:
    return build_dbt_docs(configured)


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


def test_data_docs_say_how_much_was_looked_at(configured: Settings) -> None:
    page, counts = build_data_docs(configured)
    assert page == docs_folder(configured) / "quality" / "index.html"
    assert counts["suites"] == 3 + 6
    assert counts["expectations"] > 90
    assert counts["rows"] > 300
    assert "marts.watch_condition_stats" in page.read_text()


def test_the_sites_are_served_beside_a_front_page_even_before_they_are_built(
    configured: Settings, dbt_page: Path, tmp_path: Path
) -> None:
    new = configured.model_copy(update={"home": tmp_path / "new"})
    with Supervisor(log_dir=tmp_path, cwd=tmp_path) as supervisor:
        built, bare = serve_docs(configured, supervisor, port=0), serve_docs(new, supervisor, port=0)
        assert len(httpx2.get(f"{built}/dbt/").content) == dbt_page.stat().st_size
        assert all("pricescope docs" in httpx2.get(url).text for url in (built, bare))
        assert httpx2.get(f"{bare}/dbt/").status_code == 404


def test_the_front_page_leads_to_both_sites(configured: Settings) -> None:
    text = write_front_page(configured).read_text()
    assert re.findall(r'href="([^"]*)"', text) == ["dbt/index.html", "quality/index.html"]
