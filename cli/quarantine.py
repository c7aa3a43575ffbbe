"""`pricescope quarantine`: records that could not be read, each with its reason and page."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from cli.context import note, out, warehouse
from pipeline.read import retry_quarantine
from warehouse.quarantine import list_quarantine

app = typer.Typer(no_args_is_help=True, help="Records that could not be read, and reading them again.")


@app.command("list")
def list_open(
    source: Annotated[str | None, typer.Option()] = None, limit: Annotated[int, typer.Option(min=1)] = 50
) -> None:
    """List open records with their reasons."""
    with warehouse("quarantine") as (conn, _):
        rows = list_quarantine(conn, source=source, limit=limit)
    if not rows:
        note.print("The quarantine is empty.")
        return
    table = Table("no", "source", "page", "record", "since", "reason")
    for row in rows:
        table.add_row(
            str(row.quarantine_id),
            row.source,
            str(row.page_id),
            str(row.record_index),
            f"{row.created_at:%Y-%m-%d %H:%M}",
            row.reason,
        )
    out.print(table)


@app.command("retry")
def retry(source: Annotated[str | None, typer.Option()] = None) -> None:
    """Read the pages of open records again, with today's parser; what is fine now leaves the quarantine."""
    with warehouse("quarantine") as (conn, settings):
        outcome = retry_quarantine(conn, settings, source=source)
    out.print(f"{outcome.pages} pages read again: {outcome.resolved} records resolved, {outcome.still_open} still open")
