"""The dbt side of the stack: its manifest before Dagster loads, its documentation page after the models ran."""

from __future__ import annotations

from pathlib import Path

from orchestration.statistics import dbt_files


def make_manifest() -> Path:
    """Parse the dbt project where its manifest is stale."""
    return dbt_files.fresh_manifest()


def make_docs() -> Path:
    """Generate the documentation as one static page; return its path."""
    return dbt_files.docs_page()
