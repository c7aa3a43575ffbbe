"""`pricescope record`: fetch pages as a poll would and keep them as files, for `pricescope parse` and `import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.context import note, warehouse
from cli.errors import UserError
from domain.settings import settings
from pipeline.record import NotRecordableError, Recorded, Wish, record
from scrapers.contract import Query
from scrapers.registry import source_names
from warehouse.watches import get_watch


def record_pages(
    source: Annotated[str, typer.Argument(help="which marketplace is asked")],
    wanted: Annotated[
        list[str], typer.Argument(metavar="URL|WATCH...", help="addresses as you would paste them, or your watches")
    ],
    folder: Annotated[Path, typer.Option("--dir", help="where the files go; made if it is not there")],
    pages: Annotated[int, typer.Option(min=1, max=10, help="pages of each search at most")] = 1,
) -> None:
    """Fetch pages politely, with the credentials of your settings, and write each answer as it came.

    Beside each file NAME stands NAME.meta.json with address, status, content type and time (UTC); never headers,
    cookies or tokens. Refusals are kept, too: they are what a parser must tell apart.

    Pages hold what the marketplace shows of people: names, logins, pictures, texts. Keep the folder to yourself, keep
    it no longer than you need it, and do not publish or commit it.
    """
    if source not in source_names():
        raise UserError(f"unknown source {source!r}; known: {', '.join(source_names())}")
    wishes: list[Wish] = [name if "://" in name else _search_of_watch(source, name) for name in wanted]
    try:
        written = record(settings(), source, wishes, folder, pages=pages, tell=_tell)
    except NotRecordableError as error:
        raise UserError(str(error)) from None
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}") from None
    note.print(f"{written} pages in {folder}: they may hold personal data, keep them to yourself", markup=False)
    if not written:
        raise typer.Exit(1)


def _search_of_watch(source: str, name: str) -> Query:
    with warehouse("record") as (conn, _):
        watch = get_watch(conn, name)
    if watch.source != source:
        raise UserError(f"watch {watch.name!r} is of {watch.source}, not {source}")
    return Query(country=watch.country, params=watch.params, watch_id=watch.watch_id)


def _tell(recorded: Recorded) -> None:
    reading = recorded.reading
    counts = f"{len(reading.listings)} listings, {len(reading.rejected)} rejected"
    detail = f" ({reading.detail})" if reading.detail else ""
    note.print(f"{recorded.path}: {recorded.page.status}, {reading.meaning}: {counts}{detail}", markup=False)
