"""`pricescope export`: the open data as Parquet files that DuckDB, pandas and Spark read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.context import note, out, warehouse
from warehouse.open_data import export

_MONTH_FORMATS = ["%Y-%m", "%Y-%m-%d"]


def export_tables(
    table: Annotated[list[str] | None, typer.Option(help="only this table; may be repeated")] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=_MONTH_FORMATS, help="first month (UTC); default: the oldest")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=_MONTH_FORMATS, help="last month (UTC); default: the newest")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="directory; default: open-data under PRICESCOPE_HOME")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on with an export that was interrupted")] = False,
) -> None:
    """Write the open data: Parquet by table, source and month, and a manifest with rows and SHA-256.

    Whole months are written. Months that the database no longer has stay in the directory as they are.
    """
    with warehouse("export") as (conn, settings):
        directory = output or settings.home / "open-data"
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=note, transient=True) as bar:
            task = bar.add_task("looking", total=None)

            def show(name: str, done: int, total: int, rows: int) -> None:
                bar.update(task, description=f"{name}, {rows:,} rows", completed=done, total=total)

            result = export(
                conn,
                directory,
                tables=table or (),
                first=None if first is None else first.date(),
                last=None if last is None else last.date(),
                resume=resume,
                on_unit=show,
            )
    for name, rows in result.rows_by_table.items():
        out.print(f"{name}: {rows:,} rows")
    out.print(f"{result.files} files, {result.bytes / 1e6:,.1f} MB in {directory}")
    if result.kept_units:
        out.print(f"{result.kept_units} months stood from the interrupted export")
