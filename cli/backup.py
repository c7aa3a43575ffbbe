"""`pricescope backup` and `pricescope restore`: the warehouse in one file, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.context import note, out
from domain.settings import settings
from warehouse.backup import backup, restore
from warehouse.connect import resolve_database


def make_backup(
    target: Annotated[
        Path | None, typer.Argument(help="file, or directory; default: backups in PRICESCOPE_HOME")
    ] = None,
) -> None:
    """Dump the warehouse to one file, with the digests of its rows beside it. Loading may go on meanwhile."""
    configured = settings()
    url = resolve_database(configured).warehouse
    place = target
    if place is None:
        place = configured.home / "backups"
        place.mkdir(parents=True, exist_ok=True)
    with note.status(f"Dumping {url.database} ..."):
        path, made = backup(url, place, now=datetime.now(UTC))
    out.print(f"{made.rows:,} rows of {len(made.tables)} tables, {made.bytes / 1e6:,.1f} MB")
    out.print(str(path))


def restore_backup(
    file: Annotated[Path, typer.Argument(help="what `pricescope backup` wrote")],
    replace: Annotated[bool, typer.Option("--replace", help="throw away what the database holds")] = False,
) -> None:
    """Bring a backup back and compare every row with it. The database must be empty, or --replace given."""
    url = resolve_database(settings()).warehouse
    with note.status(f"Restoring {url.database} ..."):
        restored = restore(url, file, replace=replace)
    if restored is None:
        out.print("restored; without the .json file beside the backup, its rows were not compared")
    else:
        out.print(
            f"restored: {restored.rows:,} rows of {len(restored.tables)} tables, each table's digest as backed up"
        )
