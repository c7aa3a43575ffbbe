"""Where the dbt project is, its manifest kept fresh, its connection in the environment.

Dagster needs the manifest when it loads. It is parsed again only when a file of the project changed: a parse costs
some six seconds, and parsing at every import is a classic reason for a slow code location.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from domain.settings import settings
from warehouse.connect import resolve_database

PROJECT_DIR = Path(__file__).resolve().parents[2] / "dbt_project"
MANIFEST = PROJECT_DIR / "target" / "manifest.json"
DBT = Path(sys.executable).with_name("dbt")
_SOURCES = ("*.yml", "models/**/*", "macros/**/*", "tests/**/*")


class DbtError(Exception):
    """dbt could not parse the project; the message holds dbt's own output."""


def is_stale() -> bool:
    """Say whether the manifest is missing or older than a file of the project."""
    if not MANIFEST.exists():
        return True
    made = MANIFEST.stat().st_mtime
    files = (path for pattern in _SOURCES for path in PROJECT_DIR.glob(pattern) if path.is_file())
    return any(path.stat().st_mtime > made for path in files)


def export_connection() -> None:
    """Put the warehouse's address into this process's environment, where dbt's profile reads it."""
    os.environ.update(resolve_database(settings()).warehouse.dbt_environment())
    os.environ["PRICESCOPE_COMPARABLES_WINDOW_DAYS"] = str(settings().comparables_window_days)
    os.environ["PRICESCOPE_BASE_CURRENCY"] = settings().base_currency
    if settings().lookback_days is not None:
        os.environ["PRICESCOPE_LOOKBACK_DAYS"] = str(settings().lookback_days)
    os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")


def run_dbt(*arguments: str) -> str:
    """Run dbt on the project and return its output.

    Raises:
        DbtError: when dbt fails.
    """
    export_connection()
    command = [str(DBT), "--no-use-colors", *arguments, "--project-dir", str(PROJECT_DIR)]
    done = subprocess.run(  # noqa: S603 - our own executable, constant arguments
        [*command, "--profiles-dir", str(PROJECT_DIR)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise DbtError(f"dbt {arguments[0]} failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    return done.stdout


def fresh_manifest() -> Path:
    """Return the manifest's path, parsed anew where it is stale: by one process, and there whole or not at all."""
    if is_stale():
        MANIFEST.parent.mkdir(exist_ok=True)
        with (MANIFEST.parent / ".parsing").open("w") as lock, TemporaryDirectory(dir=MANIFEST.parent) as spare:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if is_stale():
                # dbt writes in place, and another process may be reading.
                run_dbt("parse", "--target-path", spare)
                (Path(spare) / MANIFEST.name).replace(MANIFEST)
    return MANIFEST


def docs_page(page: Path) -> Path:
    """Write the documentation as one static HTML file, with the catalogue of the live database; return its path.

    Beside the target folder, whose manifest Dagster may be reading; the page appears whole, or the old one stays.

    Raises:
        DbtError: when dbt fails.
    """
    page.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=page.parent) as spare:
        run_dbt("docs", "generate", "--static", "--target-path", spare)
        made = Path(spare) / "static_index.html"
        # dbt writes down where it compiled each model, which is nobody's business.
        made.write_text(made.read_text(encoding="utf-8").replace(spare, "target"), encoding="utf-8")
        made.replace(page)
    return page
