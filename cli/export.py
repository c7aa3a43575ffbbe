"""`pricescope export`: the open data as Parquet files that DuckDB, pandas and Spark read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.context import note, out, warehouse
from cli.errors import UserError
from domain.settings import settings
from warehouse.open_data import damaged_files, export, read_manifest

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
    check: Annotated[
        bool, typer.Option("--check", help="write nothing: compare the files there with their manifest")
    ] = False,
) -> None:
    """Write the open data: Parquet by table, source and month, and a manifest with rows and SHA-256.

    Whole months are written. Months that the database no longer has stay in the directory as they are. With --check it
    ends with 1 where a file is missing or not as it was written.
    """
    if check:
        _check(output or settings().home / "open-data")
        return
    with warehouse("export") as (conn, configured):
        directory = output or configured.home / "open-data"
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


def _check(directory: Path) -> None:
    manifest = read_manifest(directory)
    if manifest is None:
        raise UserError(f"{directory} holds no export; make one: pricescope export --output {directory}")
    damaged = damaged_files(directory)
    for path in damaged:
        out.print(f"missing or changed: {path}", markup=False)
    if damaged:
        note.print("Write them again: pricescope export, with --table and --from for the ones above.")
        raise typer.Exit(1)
    n = sum(len(unit.files) for table in manifest.tables.values() for unit in table.units.values())
    out.print(f"{n} files in {directory} are as the manifest says", markup=False)
