"""`pricescope import`: recorded pages enter as raw pages of their own day and go through the very same assets."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.context import note, out, warehouse
from cli.errors import UserError
from pipeline.imports import ImportFileError, import_file
from pipeline.recordings import is_sidecar
from scrapers.registry import source_names
from warehouse.watches import get_watch


def import_files(
    files: Annotated[list[Path], typer.Argument(help="recorded pages: JSON or HTML, gzip or not; or folders of them")],
    source: Annotated[str, typer.Option(help="which marketplace's pages these are")] = "vinted",
    url: Annotated[str | None, typer.Option(help="the address the pages were fetched from")] = None,
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the day they are of (UTC)")] = None,
    watch: Annotated[str | None, typer.Option(help="link all to this watch; else to those they satisfy")] = None,
) -> None:
    """Store recorded pages, then read, judge and tell through the assets of their days.

    A page's day is --day, else the time that `pricescope record` noted beside it or the page itself states, else the
    date in the file's name, else the file's own time. Importing a file twice changes nothing.
    """
    if source not in source_names():
        raise UserError(f"unknown source {source!r}; known: {', '.join(source_names())}")
    paths = [path for file in files for path in (sorted(file.rglob("*")) if file.is_dir() else [file])]
    days: set[date] = set()
    failures = 0
    with warehouse("import") as (conn, settings):
        linked = None if watch is None else get_watch(conn, watch).watch_id
        for path in (path for path in paths if not path.is_dir() and not is_sidecar(path)):
            try:
                stored = import_file(
                    conn, settings, source, path, url=url, day=None if day is None else day.date(), watch_id=linked
                )
            except ImportFileError as error:
                note.print(f"{path}: {error}", style="red")
                failures += 1
                continue
            days.add(stored.day)
            note.print(
                f"{path}: {'already stored' if stored.known else 'stored'} as page {stored.page_id} of {stored.day}"
            )
        if days:
            from services.runs import run_import  # noqa: PLC0415 - Dagster costs two seconds

            result = run_import(settings, source, sorted(days))
            for line in result.lines:
                out.print(line)
            failures += not result.success
    if failures:
        raise typer.Exit(1)
