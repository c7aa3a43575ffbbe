"""`pricescope reprocess`: read the stored pages of past days again, show what changes, then keep it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from cli.context import note, out, warehouse
from cli.errors import UserError
from pipeline.reprocess import TrialOutcome, count_stored, try_again
from scrapers.registry import source_names


def reprocess(
    source: Annotated[str, typer.Argument(help="which marketplace")],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="first day (UTC)")],
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="last day (UTC); the first where not given")
    ] = None,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="keep what changes, without asking")] = False,
) -> None:
    """Rebuild listings and history of past days from their stored pages with today's parser; fetch nothing.

    First everything is read in transactions that are taken back, and what would change is shown. Keeping it is a
    backfill of the asset `items`, one run a day, seen in Dagster. This is also how a field that a parser did not read
    before is filled in for the past.
    """
    if source not in source_names():
        raise UserError(f"unknown source {source!r}; known: {', '.join(source_names())}")
    asked = _days(first.date(), (last or first).date())
    with warehouse("reprocess") as (conn, settings):
        stored = count_stored(conn, source, asked)
        if not stored:
            raise UserError(
                f"no page of {source} is stored from {asked[0]} to {asked[-1]}; pages are kept for "
                f"{settings.raw_page_days} days (PRICESCOPE_RAW_PAGE_DAYS)"
            )
        days, total = list(stored), sum(stored.values())
        if days[0] < settings.first_day:
            raise UserError(
                f"pages of {source} are stored from {days[0]} on, but Dagster's partitions begin on"
                f" {settings.first_day}: set PRICESCOPE_FIRST_DAY={days[0]}, or ask --from {settings.first_day} on"
            )
        if len(days) < len(asked):
            note.print(
                f"{len(asked) - len(days)} of these {len(asked)} days have no stored page of {source} and stay as they"
                f" are; the first that has is {days[0]}. Pages are kept for {settings.raw_page_days} days"
                " (PRICESCOPE_RAW_PAGE_DAYS)."
            )
        with Progress(console=note, transient=True) as bar:
            task = bar.add_task(f"reading {total:,} pages again", total=total)
            outcome = try_again(conn, settings, source, days, on_pages=lambda pages: bar.advance(task, pages))
    _show(outcome)
    if not outcome.changes_anything:
        out.print("Nothing would change.")
        return
    if not keep and not typer.confirm("Keep these changes?", default=False, err=True):
        out.print("Nothing was kept.")
        return
    from services.runs import run_reprocess  # noqa: PLC0415 - Dagster costs two seconds

    result = run_reprocess(settings, source, days)
    for line in result.lines:
        out.print(line)
    if not result.success:
        raise typer.Exit(1)


def _days(first: date, last: date) -> list[date]:
    if last < first:
        raise UserError(f"--to {last} is before --from {first}")
    today = datetime.now(UTC).date()
    if last > today:
        option, day = ("--from", first) if first > today else ("--to", last)
        raise UserError(f"{option} {day} is in the future (UTC); there are no pages of it")
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _show(outcome: TrialOutcome) -> None:
    out.print(
        f"{outcome.pages:,} pages read again: {outcome.new_listings:,} new listings,"
        f" {outcome.changed_listings:,} changed"
    )
    out.print(
        f"price history: {outcome.history_added:,} rows more, {outcome.history_removed:,} fewer,"
        f" {outcome.history_changed:,} other; quarantined records: {outcome.quarantined_before:,} now,"
        f" {outcome.quarantined_after:,} then"
    )
    if not outcome.fields:
        return
    table = Table("field", "listings", "for example", "before", "after")
    for field, count in outcome.fields.items():
        for place, change in enumerate(outcome.samples[field]):
            table.add_row(
                field if place == 0 else "",
                f"{count:,}" if place == 0 else "",
                change.url,
                _short(change.before),
                _short(change.after),
            )
    out.print(table)


def _short(value: object) -> str:
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return written if len(written) <= 60 else f"{written[:57]}..."
