"""`pricescope sync`: all sources polled now, side by side, with a time limit."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli.context import note, out, warehouse
from scrapers.registry import source_entry
from services.sync import sync_sources


def sync(
    names: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="default: all enabled")] = None,
    minutes: Annotated[float, typer.Option(min=0.1, max=120, help="those not done by then are ended")] = 10,
) -> None:
    """Poll sources in parallel, each in a process of its own: one that fails or hangs does not stop another.

    Exits with 1 when any of them failed.
    """
    for name in names or ():
        source_entry(name)
    # The first connection migrates, so that the processes do not do it all at once.
    with warehouse("sync") as (_, configured):
        wanted = tuple(names or configured.enabled_sources)
    failed = 0
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=note, transient=True) as progress:
        tasks = {name: progress.add_task(name, total=1) for name in wanted}
        for result in sync_sources(wanted, seconds=minutes * 60):
            progress.update(tasks[result.source], completed=1, visible=False)
            failed += not result.success
            mark = "ok" if result.success else "[red]!![/red]"
            out.print(f"{mark} {result.source}: {result.sentence} ({result.seconds:.1f} s)")
    if failed:
        raise typer.Exit(1)
