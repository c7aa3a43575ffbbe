"""The dbt side of the stack: its manifest before Dagster loads; and both documentation sites, built and served.

Belongs here: where the sites lie, and serving them. Does not: their content (dbt, ``quality.site``).
"""

from __future__ import annotations

import sys
from pathlib import Path

from domain.settings import Settings, settings
from orchestration.statistics import dbt_files, sites
from services.stack import reached_at
from services.supervisor import Supervisor, free_port, url_answers

_PAGES = {
    "dbt/index.html": (
        "dbt docs",
        "models, columns, tests and the lineage from source tables to exposures",
        "dbt_docs",
    ),
    "quality/index.html": ("Data Docs", "what Great Expectations finds in every layer, as counts", "data_docs"),
}
PREFERRED_PORT = 3002


def make_manifest() -> Path:
    """Parse the dbt project where its manifest is stale."""
    return dbt_files.fresh_manifest()


def make_docs(configured: Settings | None = None) -> Path:
    """Build both sites and the page that leads to them; return that page.

    Raises:
        DbtError: when dbt fails.
    """
    configured = configured or settings()
    sites.build_dbt_docs(configured)
    sites.build_data_docs(configured)
    return write_front_page(configured)


def write_front_page(configured: Settings) -> Path:
    """Write the page that leads to the sites, built or not yet; return its path."""
    folder = sites.docs_folder(configured)
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        f'<li><a href="{page}">{title}</a>: {what}. Built by the job <code>{job}</code> each night.</li>'
        for page, (title, what, job) in _PAGES.items()
    ]
    page = folder / "index.html"
    page.write_text(
        "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Pricescope: documentation</title>"
        "<style>body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:50rem}</style>"
        f"<h1>Pricescope</h1><ul>{''.join(lines)}</ul>"
        "<p>A page that is not there was not built yet: run <code>pricescope docs</code>, or the job.</p></html>\n",
        encoding="utf-8",
    )
    return page


def serve_docs(
    configured: Settings, supervisor: Supervisor, *, host: str = "127.0.0.1", port: int | None = None
) -> str:
    """Serve the sites as they are built; return their address.

    Args:
        port: None for 3002, or any free one where that is taken.

    Raises:
        ServiceError: when the server does not come up.
    """
    write_front_page(configured)
    chosen = free_port(PREFERRED_PORT) if port is None else port or free_port()
    folder = sites.docs_folder(configured)
    argv = [sys.executable, "-m", "http.server", str(chosen), "--bind", host, "--directory", str(folder)]
    service = supervisor.start("docs", argv)
    url = f"http://{reached_at(host)}:{chosen}"
    supervisor.await_answer(service, lambda: url_answers(url))
    return url
