"""Recorded pages enter as raw pages of their own day. This is how real input runs here without a network.

Belongs here: which source, day and address a file is of. Does not: reading the pages (``read``).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from pathlib import Path

import msgspec
import psycopg

from domain.settings import Settings
from pipeline.recordings import RecordingError, page_of_recording, read_sidecar
from scrapers.registry import create_source
from warehouse.pages import count_pages, store_page
from warehouse.partitions import ensure_partitions

_DATE_IN_NAME = re.compile(r"(?<!\d)(20\d\d)-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?(?!\d)")


class ImportFileError(Exception):
    """A file cannot be imported; the message says why."""


class StoredPage(msgspec.Struct, frozen=True, kw_only=True):
    """Where an imported page went; ``known`` where it was there already."""

    page_id: int
    day: date
    known: bool


def recorded_at(stated: datetime | None, name: str, modified: datetime) -> datetime:
    """Return when a page was recorded (UTC): the stated time, else the date in its name, else the file's own time.

    A month without a day is its first; a date without a time is its noon.
    """
    if stated is not None:
        return stated
    found = _DATE_IN_NAME.search(name)
    if found:
        year, month, day = found.groups()
        try:
            return datetime.combine(date(int(year), int(month), int(day or 1)), time(12), tzinfo=UTC)
        except ValueError:
            pass
    return modified


def import_file(
    conn: psycopg.Connection,
    settings: Settings,
    source_name: str,
    path: Path,
    *,
    url: str | None,
    day: date | None,
    watch_id: int | None,
) -> StoredPage:
    """Store one recorded file as a raw page of its day; a sidecar of `pricescope record` says address and time.

    Raises:
        ImportFileError: when the file or its sidecar cannot be read, it is empty, or its day has no partition.
    """
    try:
        body = path.read_bytes()
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise ImportFileError(f"cannot be read: {error.strerror}") from None
    if not body.strip():
        raise ImportFileError("is empty")
    source = create_source(source_name, settings)
    try:
        sidecar = read_sidecar(path)
    except RecordingError as error:
        raise ImportFileError(str(error)) from None
    stated = source.stated_time(body) if sidecar is None else sidecar.fetched_at.astimezone(UTC)
    moment = recorded_at(stated, path.name, modified)
    if day is not None:
        moment = stated if stated is not None and stated.date() == day else datetime.combine(day, time(12), tzinfo=UTC)
    if not settings.first_day <= moment.date() <= datetime.now(UTC).date():
        raise ImportFileError(
            f"its day {moment.date()} is not between {settings.first_day} (PRICESCOPE_FIRST_DAY) and today; "
            "say --day YYYY-MM-DD"
        )
    try:
        page = page_of_recording(source, body, sidecar, url=url, fetched_at=moment)
    except RecordingError as error:
        raise ImportFileError(str(error)) from None
    page = msgspec.structs.replace(page, watch_id=watch_id)
    ensure_partitions(conn, moment.date(), moment.date())
    before = count_pages(conn, source_name, moment.date())
    page_id = store_page(conn, page, origin="import")
    known = count_pages(conn, source_name, moment.date()) == before
    return StoredPage(page_id=page_id, day=moment.date(), known=known)
