"""`pricescope parse`: read recorded pages and print their listings, without a database."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

import orjson
import typer

from cli.errors import UserError
from domain.listing import listing_as_json, unpriced_as_json
from domain.page import PageReading
from domain.settings import settings
from pipeline.recordings import RecordingError, page_of_recording, read_sidecar
from scrapers.contract import Source
from scrapers.registry import create_source, source_names


class _Given(NamedTuple):
    """A file to read: as the user named it, where it is, its address if said."""

    name: str
    path: Path
    url: str | None


class BadLineError(ValueError):
    """A line of the list cannot be used; the message says why."""


def parse(
    source: Annotated[str, typer.Argument(help="which marketplace's pages these are")],
    files: Annotated[list[Path] | None, typer.Argument(help="recorded pages: JSON or HTML, gzip or not")] = None,
    url: Annotated[str | None, typer.Option(help="the address the pages were fetched from")] = None,
    urls: Annotated[
        Path | None, typer.Option(metavar="FILE", help="a list of further pages: CSV lines file,url; UTF-8")
    ] = None,
) -> None:
    """Print one JSON object a listing on stdout; each file's page meaning goes to stderr.

    Things shown without a price are printed with price null and a reason. Files named in a list are looked for beside
    the list, then in the current folder. A page that `pricescope record` wrote knows its own address and time.

    Exits with 0 unless a file, or a line of the list, cannot be read; the others are read all the same.
    """
    if source not in source_names():
        raise UserError(f"unknown source {source!r}; known: {', '.join(source_names())}")
    if not files and urls is None:
        raise UserError("name the files to read, or give a list of them with --urls FILE")
    if urls is not None and not urls.is_file():
        raise UserError(f"{urls}: no such file")
    reader = create_source(source, settings())
    failures = 0
    for given in _all_files(files or [], url, urls):
        if isinstance(given, str):
            problem: str | None = given
        else:
            problem = _parse_file(reader, given)
        if problem is not None:
            _note(problem)
            failures += 1
    sys.stdout.flush()
    if failures:
        raise typer.Exit(1)


def _parse_file(reader: Source, given: _Given) -> str | None:
    """Print a file's objects; return why it cannot be read, or None."""
    try:
        body = given.path.read_bytes()
    except (OSError, ValueError) as error:
        return f"{given.name}: cannot be read: {getattr(error, 'strerror', None) or error}"
    try:
        sidecar = read_sidecar(given.path)
        fetched_at = sidecar.fetched_at if sidecar else datetime.now(UTC)
        page = page_of_recording(reader, body, sidecar, url=given.url, fetched_at=fetched_at)
    except RecordingError as error:
        return f"{given.name}: {error}"
    reading = reader.read(page)
    _note(f"{given.name}: {summary(reading)}")
    for rejected in reading.rejected:
        _note(f"{given.name}: record {rejected.index}: {rejected.reason}")
    # A name that is not UTF-8 cannot stand in JSON.
    name = given.name.encode("utf-8", "replace").decode()
    write = sys.stdout.buffer.write
    for row in rows_of(reading, name):
        write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    return None


def rows_of(reading: PageReading, file: str) -> Iterator[dict[str, object]]:
    """Yield what is printed of a page: its listings, then the things it shows without a price."""
    for listing in reading.listings:
        yield {**listing_as_json(listing), "file": file}
    for offer in reading.unpriced:
        yield {**unpriced_as_json(offer), "file": file}


def summary(reading: PageReading) -> str:
    """Return a page's meaning and how much of what was read from it."""
    counts = [f"{len(reading.listings)} listings", f"{len(reading.rejected)} rejected"]
    if reading.unpriced:
        counts.insert(1, f"{len(reading.unpriced)} without a price")
    if reading.lots:
        counts.append(f"{len(reading.lots)} lots (not printed: a lot is not a listing)")
    return f"{reading.meaning}: {', '.join(counts)}" + (f" ({reading.detail})" if reading.detail else "")


def _note(line: str) -> None:
    # Plain, since a list may name thousands of files and rich takes its time over each line.
    sys.stderr.write(line + "\n")


# ---------------------------------------------------------------- which files


def _all_files(files: list[Path], url: str | None, urls: Path | None) -> Iterator[_Given | str]:
    """Yield the files named on the command line, then those of the list; a line that is wrong as what is wrong."""
    for file in files:
        yield _Given(str(file), file, url)
    if urls is None:
        return
    # Names of files are bytes: what is not UTF-8 in them is kept.
    with urls.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                given = listed_file(line, urls.parent, is_first=number == 1)
            except BadLineError as error:
                yield f"{urls}: line {number}: {error}"
                continue
            if given is not None:
                yield given


def listed_file(line: str, folder: Path, *, is_first: bool) -> _Given | None:
    """Read a line ``file,url``; None for an empty one and for the head of the table.

    An address may hold commas without being quoted (Empik's do), a file name may not.
    """
    text = line.strip("\r\n")
    if not text.strip():
        return None
    try:
        # One line at a time: a quote that is never closed must not swallow the lines after it.
        name, *rest = next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise BadLineError(f"not CSV: {error}") from None
    name, url = name.strip(), ",".join(rest).strip()
    if is_first and (name.lower(), url.lower()) == ("file", "url"):
        return None
    if not name or not url:
        raise BadLineError("needs a file and an address: file,url")
    if not _is_address(url):
        raise BadLineError(f"not a web address: {url[:200]!r}")
    beside = folder / name
    path = beside if beside.exists() or not Path(name).exists() else Path(name)
    return _Given(name, path, url)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(map(str.isspace, url))
    except ValueError:
        return False
