"""Read stored pages into listings, history, links and quarantine; some pages a transaction, each whole or not at all.

Belongs here: which pages are read, and in which pieces. Does not: parsing (``scrapers``), storing (``warehouse.load``).

Everything here can be repeated: a page already read by this parser version is skipped, and reading it again with
``again=True`` (after a parser fix, or to retry the quarantine) rebuilds the same rows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import date

import msgspec
import psycopg

from domain.matching import satisfies
from domain.page import PageReading, RawPage
from domain.settings import Settings
from domain.watch import Watch
from pipeline.absences import find_absences
from pipeline.kinds import kind_teller
from scrapers.contract import Source
from scrapers.registry import create_source
from warehouse.links import link_listings
from warehouse.listing_rows import TellKind
from warehouse.pages import pages_of_day, read_page, unread_pages
from warehouse.products import match_by_gtin
from warehouse.quarantine import count_open, pages_to_retry
from warehouse.readings import LoadResult
from warehouse.reread import ReadPage, load_pages
from warehouse.watches import list_watches

# While one process reads, another that polls the same source waits for its turn: at most about these.
TURN_PAGES = 200
_TURN_BYTES = 32 * 1024 * 1024
_TURN_SECONDS = 2.0


class ReadOutcome(msgspec.Struct, kw_only=True):
    """Counts over the pages read. ``records`` = new + changed + unchanged + quarantined + unpriced.

    Attributes:
        held: of changed and unchanged, those whose price waits for review.
        missing, gone: listings that the runs of the source's watches no longer show (see ``pipeline.absences``).
    """

    source: str
    day: date
    pages: int = 0
    records: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    unpriced: int = 0
    held: int = 0
    lots: int = 0
    missing: int = 0
    gone: int = 0
    meanings: dict[str, int] = msgspec.field(default_factory=dict)


def read_day(
    conn: psycopg.Connection, settings: Settings, source_name: str, day: date, *, again: bool = False
) -> ReadOutcome:
    """Read the stored pages of one source and one UTC day that this parser version has not read yet.

    Args:
        again: read all pages of the day anew, whatever was read before.
    """
    source = create_source(source_name, settings)
    outcome = ReadOutcome(source=source_name, day=day)
    tell_kind = kind_teller(settings)
    stored = (
        pages_of_day(conn, source_name, day) if again else unread_pages(conn, source_name, day, source.parser_version)
    )
    more = True
    while more:
        more = _read_some(conn, source, stored, outcome, tell_kind, again=again)
    if outcome.new or outcome.changed:
        match_by_gtin(conn, source=source_name)
    absences = find_absences(conn, source_name)
    outcome.missing, outcome.gone = absences.missing, absences.gone
    return outcome


def _read_some(
    conn: psycopg.Connection,
    source: Source,
    stored: Iterator[tuple[int, RawPage]],
    outcome: ReadOutcome,
    tell_kind: TellKind,
    *,
    again: bool,
) -> bool:
    """Read the next pages in one transaction; say whether there may be more.

    A commit costs more than a page. A page that cannot be loaded leaves those before it kept.
    """
    pages: list[ReadPage] = []
    size, until = 0, time.monotonic() + _TURN_SECONDS
    while len(pages) < TURN_PAGES and size < _TURN_BYTES and time.monotonic() < until:
        found = next(stored, None)
        if found is None:
            break
        pages.append(ReadPage(found[0], found[1], source.read(found[1])))
        size += len(found[1].body)
    if not pages:
        return False
    failed: Exception | None = None
    with conn.transaction():
        watches = (
            list_watches(conn, source=source.name, active_only=True)
            if any(one.page.watch_id is None for one in pages)
            else []
        )
        results = load_pages(conn, pages, parser_version=source.parser_version, tell_kind=tell_kind, again=again)
        done: list[tuple[ReadPage, LoadResult]] = []
        for one in pages:
            try:
                loaded = next(results)
            except Exception as error:  # noqa: BLE001 - raised again below, when what was loaded before is kept
                failed = error
                break
            if one.page.watch_id is None:
                _link_by_content(conn, watches, one.page, one.reading)
            done.append((one, loaded))
    for one, loaded in done:
        _count(outcome, one.reading, loaded)
    if failed is not None:
        raise failed
    return True


def _count(outcome: ReadOutcome, reading: PageReading, loaded: LoadResult) -> None:
    outcome.pages += 1
    outcome.records += loaded.records
    outcome.new += loaded.new
    outcome.changed += loaded.changed
    outcome.unchanged += loaded.unchanged
    outcome.quarantined += loaded.quarantined
    outcome.unpriced += loaded.unpriced
    outcome.held += loaded.held
    outcome.lots += len(reading.lots)
    outcome.meanings[reading.meaning] = outcome.meanings.get(reading.meaning, 0) + 1


def _link_by_content(conn: psycopg.Connection, watches: Sequence[Watch], page: RawPage, reading: PageReading) -> None:
    """Link the listings of a page that no watch fetched (an import) to the watches that they satisfy."""
    for watch in watches:
        found = [listing for listing in reading.listings if satisfies(watch, listing)]
        if found:
            link_listings(conn, watch, found, seen_at=page.fetched_at)


class RetryOutcome(msgspec.Struct, kw_only=True):
    """What reading quarantined records again gave."""

    pages: int = 0
    resolved: int = 0
    still_open: int = 0


def retry_quarantine(conn: psycopg.Connection, settings: Settings, *, source: str | None = None) -> RetryOutcome:
    """Read the pages of open quarantine records again; those that are fine now are resolved by the load."""
    outcome = RetryOutcome()
    before = sum(count_open(conn).values()) if source is None else count_open(conn).get(source, 0)
    for page_id, fetched_at in pages_to_retry(conn, source=source):
        page = read_page(conn, page_id, fetched_at)
        reader = create_source(page.source, settings)
        day = ReadOutcome(source=page.source, day=fetched_at.date())
        _read_some(conn, reader, iter([(page_id, page)]), day, kind_teller(settings), again=False)
        outcome.pages += 1
    outcome.still_open = sum(count_open(conn).values()) if source is None else count_open(conn).get(source, 0)
    outcome.resolved = before - outcome.still_open
    return outcome
