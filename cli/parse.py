"""`pricescope parse`: read recorded pages and print their listings, without a database."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from cli.context import note
from cli.errors import UserError
from domain.listing import listing_as_json
from domain.settings import settings
from scrapers.registry import create_source, source_names


def parse(
    source: Annotated[str, typer.Argument(help="which marketplace's pages these are")],
    files: Annotated[list[Path], typer.Argument(help="recorded pages: JSON or HTML, gzip or not")],
    url: Annotated[str | None, typer.Option(help="the address the pages were fetched from")] = None,
) -> None:
    """Print one JSON object a listing on stdout; each file's page meaning goes to stderr.

    Exits with 0 unless a file cannot be read.
    """
    if source not in source_names():
        raise UserError(f"unknown source {source!r}; known: {', '.join(source_names())}")
    reader = create_source(source, settings())
    unreadable = 0
    for file in files:
        try:
            body = file.read_bytes()
        except OSError as error:
            note.print(f"{file}: cannot be read: {error.strerror}", style="red")
            unreadable += 1
            continue
        page = reader.recorded_page(body, url=url, fetched_at=datetime.now(UTC))
        reading = reader.read(page)
        note.print(
            f"{file}: {reading.meaning}: {len(reading.listings)} listings, {len(reading.rejected)} rejected"
            + (f" ({reading.detail})" if reading.detail else "")
        )
        for rejected in reading.rejected:
            note.print(f"{file}: record {rejected.index}: {rejected.reason}", style="yellow")
        for listing in reading.listings:
            row = listing_as_json(listing) | {"file": str(file)}
            sys.stdout.buffer.write(orjson.dumps(row) + b"\n")
    sys.stdout.flush()
    if unreadable:
        raise typer.Exit(1)
