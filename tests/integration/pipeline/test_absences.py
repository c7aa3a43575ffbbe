"""Which listings are gone, from the runs of a watch: complete ones alone, three in a row, and once only."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
import pytest

from domain.page import PageMeaning, PageReading, RejectedRecord
from pipeline.absences import AbsenceOutcome, find_absences
from tests.integration.warehouse.samples import listing, page
from warehouse.load import load_reading
from warehouse.pages import store_page

pytestmark = pytest.mark.integration


@pytest.fixture
def watch_id(conn: psycopg.Connection) -> int:
    row = conn.execute(
        "insert into app.watches (name, source, url, country, currency, params, rules)"
        " values ('coats', 'vinted', 'https://www.vinted.fr', 'fr', 'EUR', '{}', '{robust}') returning watch_id"
    ).fetchone()
    assert row is not None
    return int(row[0])


class Runs:
    """Makes runs of one watch: each a poll of pages of listing numbers, five minutes after the one before."""

    def __init__(self, conn: psycopg.Connection, watch_id: int) -> None:
        self.conn, self.watch_id, self.number = conn, watch_id, 0

    def poll(self, *pages: list[int], meaning: PageMeaning = PageMeaning.OK, unreadable: Sequence[int] = ()) -> None:
        """Poll; the last records of the last page are ``unreadable``."""
        self.number += 1
        rejected = [
            RejectedRecord(
                index=number - 1, reason="price: absent", record=f'{{"id": {8_000_000_000 + number}}}'.encode()
            )
            for number in unreadable
        ]
        for place, numbers in enumerate(pages, start=1):
            raw = page(5 * self.number + place / 100, watch_id=self.watch_id)
            raw = type(raw)(**{**{name: getattr(raw, name) for name in raw.__struct_fields__}, "page_number": place})
            page_id = store_page(self.conn, raw, run_id=f"run-{self.number}")
            told = PageReading(
                meaning=meaning,
                listings=tuple(listing(number) for number in numbers),
                rejected=tuple(rejected) if place == len(pages) else (),
            )
            load_reading(self.conn, page_id, raw, told, parser_version=1)

    def find(self) -> AbsenceOutcome:
        return find_absences(self.conn, "vinted")

    def absent(self) -> dict[int, tuple[int, bool]]:
        """Return (missed, gone) by listing number, of those that have not come back."""
        return {
            int(external_id) - 8_000_000_000: (missed, gone)
            for external_id, missed, gone in self.conn.execute(
                "select l.external_id, a.missed, a.gone_at is not null from core.listing_absences a"
                " join core.listings l using (listing_id) where returned_at is null"
            ).fetchall()
        }

    def active(self) -> set[int]:
        return {
            int(external_id) - 8_000_000_000
            for (external_id,) in self.conn.execute(
                "select external_id from core.listings join core.listing_state using (listing_id) where is_active"
            ).fetchall()
        }


@pytest.fixture
def runs(conn: psycopg.Connection, watch_id: int) -> Runs:
    return Runs(conn, watch_id)


def test_three_complete_runs_in_a_row_that_reached_its_place_make_a_listing_gone(runs: Runs) -> None:
    runs.poll([1, 2, 3, 4])
    runs.poll([1, 3, 4])
    runs.find()
    assert runs.absent() == {2: (1, False)}
    runs.poll([1, 3, 4])
    runs.find()
    assert runs.active() == {1, 2, 3, 4}
    runs.poll([1, 3, 4])
    assert runs.find().gone == 1
    assert runs.absent() == {2: (3, True)}
    assert runs.active() == {1, 3, 4}


def test_all_runs_at_once_or_one_by_one_is_the_same(runs: Runs) -> None:
    for shown in ([1, 2, 3, 4], [1, 3, 4], [1, 3, 4], [1, 3, 4], [9, 1, 4]):
        runs.poll(shown)
    runs.find()
    assert runs.absent() == {2: (3, True), 3: (1, False)}
    again = runs.find()
    assert (again.runs, again.missing) == (0, 0)
    assert runs.absent() == {2: (3, True), 3: (1, False)}


def test_when_it_is_gone_is_when_it_was_first_missed_with_a_confidence(conn: psycopg.Connection, runs: Runs) -> None:
    for shown in ([1, 2, 3], [1, 3], [1, 3], [1, 3]):
        runs.poll(shown)
    runs.find()
    row = conn.execute(
        "select gone_at = missing_since, gone_at = timestamptz '2026-03-10 12:10:00.6+00', confidence"
        " from core.listing_absences"
    ).fetchone()
    assert row is not None
    assert row[:2] == (True, True)
    assert 0.99 < row[2] < 1


def test_refused_partial_and_empty_runs_say_nothing(runs: Runs) -> None:
    runs.poll([1, 2, 3], [4, 5, 6])
    runs.poll([1, 2, 3], [], meaning=PageMeaning.BLOCKED)
    runs.poll([], meaning=PageMeaning.EMPTY)
    runs.poll([1])  # shorter than ever before, yet a page of it was enough to reach the end
    outcome = runs.find()
    assert (outcome.runs, outcome.complete) == (4, 2)
    assert all(not gone for _, gone in runs.absent().values())


def test_listings_pushed_down_by_new_ones_are_not_missing(runs: Runs) -> None:
    runs.poll([1, 2, 3, 4])
    for shown in ([9, 1, 2, 3], [8, 9, 1, 2], [7, 8, 9, 1]):
        runs.poll(shown)
    runs.find()
    assert runs.absent() == {}


def test_a_page_is_no_shorter_for_records_that_cannot_be_read(runs: Runs) -> None:
    runs.poll([1, 2, 3, 4])
    for shown in ([9, 1, 2], [8, 9, 1], [7, 8, 9], [6, 7, 8]):
        runs.poll(shown, unreadable=[50])
        runs.find()
    assert runs.absent() == {}, "the others were pushed beyond the page"


def test_a_listing_whose_record_cannot_be_read_is_shown_all_the_same(runs: Runs) -> None:
    runs.poll([1, 2, 3, 4])
    for _ in range(4):
        runs.poll([1, 3, 4], unreadable=[2])
    runs.find()
    assert runs.absent() == {}
    for _ in range(3):
        runs.poll([1, 3, 4])
        runs.find()
    assert runs.absent() == {2: (3, True)}, "now it is not"


def test_a_missing_listing_whose_unreadable_record_is_shown_again_has_come_back(runs: Runs) -> None:
    runs.poll([1, 2, 3, 4])
    runs.poll([1, 3, 4])
    runs.find()
    assert runs.absent() == {2: (1, False)}
    for _ in range(3):
        runs.poll([1, 3, 4], unreadable=[2])
        runs.find()
    assert runs.absent() == {}
    assert runs.active() == {1, 2, 3, 4}


def test_a_listing_that_comes_back_is_active_again_and_counts_anew(conn: psycopg.Connection, runs: Runs) -> None:
    for shown in ([1, 2, 3], [1, 3], [1, 3], [1, 3], [1, 2, 3]):
        runs.poll(shown)
        runs.find()
    assert runs.absent() == {}
    assert runs.active() == {1, 2, 3}
    runs.poll([1, 3])
    runs.find()
    assert runs.absent() == {2: (1, False)}
    assert conn.execute("select count(*) from core.listing_absences").fetchone() == (1,)


def test_a_listing_that_another_watch_shows_is_not_gone(conn: psycopg.Connection, runs: Runs) -> None:
    runs.poll([1, 2, 3])
    for _ in range(3):
        runs.poll([1, 3])
        raw = page(5 * runs.number + 1)
        load_reading(
            conn,
            store_page(conn, raw, run_id=f"other-{runs.number}"),
            raw,
            PageReading(meaning=PageMeaning.OK, listings=(listing(2),)),
            parser_version=1,
        )
        runs.find()
    assert 2 in runs.active()
    assert all(not gone for _, gone in runs.absent().values())
