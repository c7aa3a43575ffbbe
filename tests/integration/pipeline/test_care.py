"""The nightly care of the price history: what is packed, what is compacted, and when."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from domain.settings import Settings
from pipeline.care import CompactionOutcome, compact_history, take_care
from tests.integration.warehouse.samples import listing, page, store_and_load

pytestmark = pytest.mark.integration

DAY = 24 * 60
KEEPING = Settings(_env_file=None)  # type: ignore[call-arg]  # pydantic's own
COMPACTING = Settings(_env_file=None, compact_after_days=31)  # type: ignore[call-arg]  # pydantic's own


def packed(conn: psycopg.Connection) -> list[tuple[date, date]]:
    return conn.execute("select month, until from ops.packed_months order by 1").fetchall()


@pytest.fixture
def watched(conn: psycopg.Connection) -> psycopg.Connection:
    """Two listings seen on the 10th of March, the 4th and the 14th of April, always at the same price."""
    for day in (0, 25, 35):
        store_and_load(conn, page(day * DAY), [listing(1), listing(2)])
    return conn


def test_a_month_is_closed_three_days_after_its_end_and_the_open_one_packed_part_by_part(
    watched: psycopg.Connection,
) -> None:
    march, april = date(2026, 3, 1), date(2026, 4, 1)
    for today, told in (
        (date(2026, 4, 3), [(march, date(2026, 3, 26))]),
        (date(2026, 4, 4), [(march, april)]),
        (date(2026, 4, 14), [(march, april), (april, date(2026, 4, 11))]),
        (date(2026, 4, 15), [(march, april), (april, date(2026, 4, 11))]),
        (date(2026, 5, 4), [(march, april), (april, date(2026, 5, 1))]),
    ):
        compact_history(watched, KEEPING, today=today)
        assert packed(watched) == told


def test_care_that_finds_nothing_to_do_changes_nothing(watched: psycopg.Connection) -> None:
    assert compact_history(watched, KEEPING, today=date(2026, 4, 15)).closed_months == 1
    before = watched.execute("select * from ops.packed_months order by 1").fetchall()
    assert compact_history(watched, KEEPING, today=date(2026, 4, 15)) == CompactionOutcome()
    assert watched.execute("select * from ops.packed_months order by 1").fetchall() == before


def test_where_the_owner_asks_for_it_months_are_compacted_instead_of_packed(watched: psycopg.Connection) -> None:
    outcome = compact_history(watched, COMPACTING, today=date(2026, 5, 10))
    assert (outcome.months, outcome.rows_before, outcome.rows_after, outcome.closed_months) == (1, 2, 2, 1)
    assert packed(watched) == [(date(2026, 4, 1), date(2026, 5, 1))]
    again = compact_history(watched, COMPACTING, today=date(2026, 6, 10))
    assert (again.rows_before, again.rows_after) == (4, 0)
    assert packed(watched) == []


def test_a_run_that_was_killed_counts_as_failed_a_day_later(conn: psycopg.Connection) -> None:
    conn.execute(
        "insert into ops.scrape_runs (run_id, task, source, day, state, started_at) values"
        " ('killed', 'backfill', 'vinted', '2026-06-01', 'running', '2026-05-31 23:00+00'),"
        " ('under way', 'poll', 'vinted', '2026-06-01', 'running', '2026-06-01 01:00+00')"
    )
    assert take_care(conn, KEEPING, today=date(2026, 6, 2)).killed_runs == 1
    assert conn.execute("select run_id, state from ops.scrape_runs order by 1").fetchall() == [
        ("killed", "failure"),
        ("under way", "running"),
    ]
