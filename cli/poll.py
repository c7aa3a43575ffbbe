"""`pricescope poll`: one poll of a source now, through the very job that the schedule runs, in this process."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.context import out, warehouse
from cli.errors import UserError
from scrapers.registry import source_names


def poll(
    source: Annotated[str, typer.Argument(help="which marketplace")],
    index: Annotated[bool, typer.Option("--index", help="read ten pages a watch instead of five")] = False,
) -> None:
    """Fetch the source's watches, read, judge and deliver; exits with 1 when the run fails."""
    if source not in source_names():
        raise UserError(f"unknown source {source!r}; known: {', '.join(source_names())}")
    from services.runs import run_poll  # noqa: PLC0415 - Dagster costs two seconds, and most commands do not need it

    with warehouse("poll") as (_, settings):
        result = run_poll(settings, source, datetime.now(UTC).date(), index=index)
    for line in result.lines:
        out.print(line)
    if not result.success:
        raise typer.Exit(1)
