"""Read the stored pages of past days again, as after a parser change; show what would change before it is kept.

Belongs here: the trial and its summary. Does not: keeping it, which is a backfill of ``items`` (``again``), page by
page, through the same reading.

The trial reads the pages as the backfill would, a few hundred in a transaction that is then taken back: nothing is
written, and polls of the source wait for seconds at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import islice

import msgspec
import psycopg

from domain.page import RawPage
from domain.settings import Settings
from pipeline.kinds import kind_teller
from scrapers.contract import Source
from scrapers.registry import create_source
from warehouse.diff import FieldChange, LoadDiff, begin_diff, end_diff
from warehouse.listing_rows import TellKind
from warehouse.pages import count_pages, pages_of_day
from warehouse.reread import ReadPage, load_pages

_BATCH = 300
_SAMPLES = 3


class TrialOutcome(msgspec.Struct, kw_only=True):
    """What reading a source's days again would change.

    Attributes:
        new_listings, changed_listings: each listing once.
        fields: how many listings each field would change of.
        samples: some of these changes, by field.
        history_added, history_removed, history_changed: rows of the price history.
        quarantined_before, quarantined_after: records of these pages that cannot be read.
    """

    source: str
    pages: int = 0
    new_listings: int = 0
    changed_listings: int = 0
    fields: dict[str, int] = msgspec.field(default_factory=dict)
    samples: dict[str, list[FieldChange]] = msgspec.field(default_factory=dict)
    history_added: int = 0
    history_removed: int = 0
    history_changed: int = 0
    quarantined_before: int = 0
    quarantined_after: int = 0

    @property
    def changes_anything(self) -> bool:
        """Whether keeping it would make a difference."""
        rows = self.history_added + self.history_removed + self.history_changed
        return bool(
            self.new_listings or self.changed_listings or rows or self.quarantined_before != self.quarantined_after
        )


def count_stored(conn: psycopg.Connection, source: str, days: Iterable[date]) -> dict[date, int]:
    """Return how many pages are stored of each of these days that has any."""
    counted = {day: count_pages(conn, source, day) for day in days}
    return {day: pages for day, pages in counted.items() if pages}


def try_again(
    conn: psycopg.Connection,
    settings: Settings,
    source_name: str,
    days: Iterable[date],
    *,
    on_pages: Callable[[int], None] = lambda _: None,
) -> TrialOutcome:
    """Read all stored pages of the days with today's parser, compare, and take everything back.

    Args:
        conn: a connection, not in a transaction.
        settings: of the sources.
        source_name: whose pages.
        days: UTC days.
        on_pages: told how many pages were read, batch by batch.
    """
    source = create_source(source_name, settings)
    tell_kind = kind_teller(settings)
    outcome = TrialOutcome(source=source_name)
    fields: dict[str, set[int]] = {}
    new: set[str] = set()
    for day in days:
        for batch in _batches(pages_of_day(conn, source_name, day)):
            with conn.transaction(force_rollback=True):
                _add(outcome, _trial(conn, source, batch, outcome, tell_kind), fields, new)
            outcome.pages += len(batch)
            on_pages(len(batch))
    outcome.new_listings = len(new)
    outcome.changed_listings = len(set().union(*fields.values()))
    outcome.fields = dict(Counter({name: len(ids) for name, ids in fields.items()}).most_common())
    return outcome


def _trial(
    conn: psycopg.Connection,
    source: Source,
    batch: list[tuple[int, RawPage]],
    outcome: TrialOutcome,
    tell_kind: TellKind,
) -> LoadDiff:
    page_ids = [page_id for page_id, _ in batch]
    begin_diff(conn, source.name, page_ids)
    outcome.quarantined_before += _quarantined(conn, page_ids)
    pages = [ReadPage(page_id, page, source.read(page)) for page_id, page in batch]
    loads = load_pages(conn, pages, parser_version=source.parser_version, tell_kind=tell_kind, again=True)
    touched = {listing_id for loaded in loads for listing_id in loaded.listing_ids}
    outcome.quarantined_after += _quarantined(conn, page_ids)
    return end_diff(conn, sorted(touched))


def _add(outcome: TrialOutcome, diff: LoadDiff, fields: dict[str, set[int]], new: set[str]) -> None:
    new.update(diff.new_listings)
    for change in diff.changes:
        seen = fields.setdefault(change.field, set())
        if change.listing_id not in seen and len(outcome.samples.setdefault(change.field, [])) < _SAMPLES:
            outcome.samples[change.field].append(change)
        seen.add(change.listing_id)
    outcome.history_added += diff.history_added
    outcome.history_removed += diff.history_removed
    outcome.history_changed += diff.history_changed


def _quarantined(conn: psycopg.Connection, page_ids: list[int]) -> int:
    (count,) = conn.execute(
        "select count(*) from ops.quarantine where state = 'open' and page_id = any(%s)", (page_ids,)
    ).fetchone() or (0,)
    return int(count)


def _batches(pages: Iterator[tuple[int, RawPage]]) -> Iterator[list[tuple[int, RawPage]]]:
    while batch := list(islice(pages, _BATCH)):
        yield batch
