"""The two static sites, built into the home: dbt's documentation and Great Expectations' Data Docs.

Belongs here: where they lie and how each is built. Light: nothing heavy is imported before a site is built. Does not:
Dagster, serving.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from domain.settings import Settings
from orchestration.statistics.dbt_files import docs_page
from orchestration.statistics.manifest import mart_columns
from warehouse.connect import connect, resolve_database


def docs_folder(settings: Settings) -> Path:
    """Return the folder whose ``dbt`` and ``quality`` are the sites."""
    return settings.home / "docs"


def build_dbt_docs(settings: Settings) -> Path:
    """Write dbt's documentation with the catalogue of the live database; return its page.

    Raises:
        DbtError: when dbt fails.
    """
    return docs_page(docs_folder(settings) / "dbt" / "index.html")


def build_data_docs(settings: Settings) -> tuple[Path, dict[str, int]]:
    """Hold every layer and mart against its suite and write the pages about it.

    Returns:
        The first page; and by name: suites, expectations, failed ones, rows looked at.
    """
    from pipeline.quality import check_all  # noqa: PLC0415 - great_expectations costs five seconds to import
    from quality.site import build_site  # noqa: PLC0415 - the same

    with connect(resolve_database(settings).warehouse, application_name="pricescope:data_docs") as conn:
        evaluations = check_all(conn, mart_columns())
    page = build_site(evaluations, docs_folder(settings) / "quality", made_at=datetime.now(UTC))
    return page, {
        "suites": len(evaluations),
        "expectations": sum(len(evaluation.results) for evaluation in evaluations),
        "failed": sum(len(evaluation.failed) for evaluation in evaluations),
        "rows": sum(evaluation.rows for evaluation in evaluations),
    }
