"""Read stored pages into listings, history, links and quarantine; one transaction a page.

Everything here can be repeated: a page already read by this parser version is skipped, and reading it again with
``again=True`` (after a parser fix, or to retry the quarantine) rebuilds the same rows.
"""

from __future__ import annotations

from datetime import date

import msgspec
import psycopg
from scrapers.registry import create_source
from warehouse.load import load_reading

from domain.settings import Settings
from warehouse import pages


class ReadOutcome(msgspec.Struct, kw_only=True):
    """Counts over the pages read. ``records`` = new + changed + unchanged + quarantined."""

    source: str
    day: date
    pages: int = 0
    records: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
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
    for page_id in pages.ids_to_read(conn, source_name, day, source.parser_version, again=again):
        page = pages.read_page(conn, page_id)
        reading = source.read(page)
        loaded = load_reading(conn, page_id, page, reading, parser_version=source.parser_version)
        outcome.pages += 1
        outcome.records += len(reading.listings) + len(reading.rejected)
        outcome.new += loaded.new
        outcome.changed += loaded.changed
        outcome.unchanged += loaded.unchanged
        outcome.quarantined += loaded.quarantined
        outcome.meanings[reading.meaning] = outcome.meanings.get(reading.meaning, 0) + 1
    return outcome
