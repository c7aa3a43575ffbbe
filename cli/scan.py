"""`pricescope scan`: every id of a range, cycle after cycle, resumable; and how such scans stand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.context import note, out, warehouse
from cli.errors import UserError
from pipeline.scan import ScanError, Scanning, ScanStatus, scan_range, scan_statuses
from pipeline.scan_progress import ScanProgress, ScanRange, ScanState
from scrapers.registry import source_entry

# So many ids in a row without a product are worth a word: the range may end long before.
_LONG_RUN = 2_000


def scan(
    source: Annotated[str, typer.Argument(help="which marketplace: uzum")],
    first: Annotated[int | None, typer.Option("--from", min=1, help="lowest id")] = None,
    last: Annotated[int | None, typer.Option("--to", min=1, help="highest id, included")] = None,
    cycles: Annotated[int, typer.Option(min=0, help="how often the whole range is read; 0: for ever")] = 1,
    status: Annotated[bool, typer.Option("--status", help="say how the scans stand, and fetch nothing")] = False,
) -> None:
    """Ask for every id from --from to --to; goes on where it was left, however it ended.

    Exits with 1 when the source refused (the state is kept), and with 3 from --status when a scan is stale.
    """
    source_entry(source)
    if status:
        _print_status(source)
        return
    if first is None or last is None:
        raise UserError("say which ids: pricescope scan uzum --from 1 --to 100000")
    try:
        wanted = ScanRange(source, first, last)
        with warehouse("scan") as (conn, configured):
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            with Progress(*columns, console=note, transient=True) as bar:
                task = bar.add_task(wanted.name, total=last - first + 1)

                def show(progress: ScanProgress) -> None:
                    description = f"{wanted.name}, cycle {progress.cycle}"
                    bar.update(task, completed=progress.next_id - first, description=description)

                how = Scanning(cycles=cycles or None)
                progress = scan_range(conn, configured, wanted, how, on_chunk=show)
    except (ScanError, ValueError) as error:
        raise UserError(str(error)) from None
    for line in describe(progress):
        out.print(line)
    if progress.state is not ScanState.DONE:
        raise typer.Exit(1)


def describe(progress: ScanProgress) -> list[str]:
    """Return a scan's state in a few lines."""
    counts = progress.counts
    of_cycles = "" if progress.cycles_wanted is None else f" of {progress.cycles_wanted}"
    ids = f"{counts.asked} ids answered: {counts.found} products, {counts.missing} missing, {counts.unreadable} unread"
    rows = f"{counts.listings} listings, {counts.new} new, {counts.changed} changed, {counts.quarantined} in quarantine"
    lines = [
        f"{progress.range.name}: {progress.state}, cycle {progress.cycle}{of_cycles}, next id {progress.next_id}",
        f"  {ids}; {rows}",
    ]
    if progress.pending:
        lines.append(f"  {len(progress.pending)} ids without an answer yet; they are asked again")
    if progress.missing_run >= _LONG_RUN:
        lines.append(f"  the last {progress.missing_run} ids had no product: does the range end before?")
    if progress.detail:
        lines.append(f"  {progress.detail}")
    if progress.not_before is not None:
        lines.append(f"  goes on from {progress.not_before:%Y-%m-%d %H:%M} UTC")
    return lines


def _print_status(source: str) -> None:
    now = datetime.now(UTC)
    with warehouse("scan") as (conn, _):
        statuses = scan_statuses(conn, source, now)
    if not statuses:
        out.print(f"no scan of {source} was ever begun: pricescope scan {source} --from 1 --to 100000")
    for one in statuses:
        for line in (*describe(one.progress), _age(one, now)):
            out.print(line)
    if any(one.is_stale for one in statuses):
        raise typer.Exit(3)


def _age(one: ScanStatus, now: datetime) -> str:
    minutes = int((now - one.updated_at).total_seconds() // 60)
    words = f"  last progress {minutes} min ago ({one.updated_at:%Y-%m-%d %H:%M} UTC)"
    return f"{words}: [red]stale[/red]" if one.is_stale else words
