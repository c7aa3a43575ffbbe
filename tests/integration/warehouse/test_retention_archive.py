"""Care run night after night: whatever is deleted is in the archive first, and nothing goes whose archive failed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from tests.integration.warehouse.samples import listing, page, store_and_load
from warehouse.archive import ArchiveError
from warehouse.compaction import compact_month
from warehouse.retention import Keep, apply_retention

pytestmark = pytest.mark.integration

DAY = 24 * 60


def archived(directory: Path, table: str) -> int:
    return sum(pq.ParquetFile(path).metadata.num_rows for path in directory.glob(f"table={table}/*/part-0.parquet"))


def count(conn: psycopg.Connection, table: str) -> int:
    (found,) = conn.execute(f"select count(*) from {table}".encode()).fetchone() or (0,)
    return int(found)


@pytest.fixture
def filled(conn: psycopg.Connection) -> psycopg.Connection:
    """Ten pages from March 10 on, three days apart, each with a listing of its own that is never seen again."""
    for number in range(10):
        store_and_load(conn, page(number * 3 * DAY), [listing(number)])
    return conn


@pytest.mark.parametrize("days", [20, 40])
def test_whatever_goes_night_after_night_is_in_the_archive(
    filled: psycopg.Connection, tmp_path: Path, days: int
) -> None:
    keep = Keep(raw_page_days=days, item_days=days, archive=tmp_path)
    today = date(2026, 3, 25)
    while count(filled, "core.listings") + count(filled, "raw.pages"):
        apply_retention(filled, keep, today=today)
        assert archived(tmp_path, "pages") + count(filled, "raw.pages") >= 10
        assert archived(tmp_path, "price_history") + count(filled, "core.price_history") >= 10
        kept = date(2026, 3, 10) + timedelta(days=3 * 9) - (today - timedelta(days=days))
        assert count(filled, "core.listings") <= max(0, kept.days // 3 + 1), "nothing stays longer for it"
        today += timedelta(days=4)
    assert (archived(tmp_path, "pages"), archived(tmp_path, "price_history")) == (10, 10)


@pytest.mark.parametrize("days", [20, 40])
def test_the_days_on_which_a_compacted_month_was_checked_are_archived_with_it(
    filled: psycopg.Connection, tmp_path: Path, days: int
) -> None:
    today = date(2026, 4, 9)
    compact_month(filled, date(2026, 3, 1), today=today)
    told = "select l.external_id, m.days, m.checks from core.price_history_months m join core.listings l"
    checked = set(filled.execute(f"{told} using (listing_id)").fetchall())
    assert len(checked) == 8, "listings of the ten were seen in March"
    keep = Keep(raw_page_days=days, item_days=days, archive=tmp_path)
    while count(filled, "core.price_history_months") + count(filled, "core.listings"):
        apply_retention(filled, keep, today=today)
        today += timedelta(days=4)
    kept = pq.read_table(tmp_path / "table=price_history_months/month=2026-03/part-0.parquet").to_pylist()
    assert {(row["external_id"], row["days"], row["checks"]) for row in kept} == checked
    assert {row["month"] for row in kept} == {date(2026, 3, 1)}


def test_where_the_archive_fails_nothing_of_it_goes_and_all_else_does(
    filled: psycopg.Connection, tmp_path: Path
) -> None:
    (tmp_path / "table=pages").write_text("a file where a folder should be")
    filled.execute(
        "insert into ops.quarantine (page_id, source, record_index, record, reason, fetched_at)"
        " select page_id, source, 0, '', 'x', fetched_at from raw.pages"
    )
    with pytest.raises(ArchiveError, match=r"raw\.pages of 2026-03 is not archived"):
        apply_retention(filled, Keep(raw_page_days=20, item_days=20, archive=tmp_path), today=date(2026, 6, 2))
    assert count(filled, "raw.pages") == 10
    assert count(filled, "core.listings") == count(filled, "core.price_history") == 0
    assert archived(tmp_path, "price_history") == 10
    assert count(filled, "ops.quarantine") == 0, "records hold personal data, and are in no archive"


def test_where_the_history_s_archive_fails_listings_and_their_history_stay(
    filled: psycopg.Connection, tmp_path: Path
) -> None:
    (tmp_path / "table=price_history").write_text("a file where a folder should be")
    with pytest.raises(ArchiveError, match=r"core\.price_history of 2026-03 is not archived"):
        apply_retention(filled, Keep(raw_page_days=20, item_days=20, archive=tmp_path), today=date(2026, 4, 5))
    assert count(filled, "core.listings") == count(filled, "core.price_history") == 10
    assert count(filled, "raw.pages") < 10
