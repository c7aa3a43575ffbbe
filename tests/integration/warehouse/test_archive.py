"""A month is safe on disk, row for row, before it may be dropped."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import psycopg
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.warehouse.samples import listing, page, store_and_load
from warehouse.archive import ArchiveError, archive_partition, is_unchanged
from warehouse.partitions import ensure_partitions

pytestmark = pytest.mark.integration
MARCH = date(2026, 3, 1)


@pytest.fixture
def filled(conn: psycopg.Connection) -> psycopg.Connection:
    for hour in range(6):
        store_and_load(conn, page(hour * 60), [listing(number, f"{20 + hour}.00") for number in range(5)])
    return conn


def history_of(conn: psycopg.Connection) -> list[tuple[object, ...]]:
    return conn.execute(
        "select listing_id, observed_at, price_minor, total_minor, currency, availability from core.price_history"
        " where observed_at < '2026-04-01' order by 1, 2"
    ).fetchall()


def archived_history(path: Path) -> list[tuple[object, ...]]:
    columns = ["listing_id", "observed_at", "price_minor", "total_minor", "currency", "availability"]
    return [tuple(row.values()) for row in pq.ParquetFile(path).read(columns).to_pylist()]


def test_the_archive_of_a_month_is_the_month(filled: psycopg.Connection, tmp_path: Path) -> None:
    archived = archive_partition(filled, "core.price_history", date(2026, 3, 17), tmp_path)
    assert archived.path == tmp_path / "table=price_history" / "month=2026-03" / "part-0.parquet"
    assert archived_history(archived.path) == history_of(filled)
    assert archived.rows == len(history_of(filled)) == 30
    assert (archived.bytes, archived.sha256) == (
        archived.path.stat().st_size,
        hashlib.sha256(archived.path.read_bytes()).hexdigest(),
    )
    names = duckdb.sql(f"select distinct source, external_id from '{archived.path}' order by 2").fetchall()
    assert names == [("vinted", str(8_000_000_000 + number)) for number in range(5)]


def test_a_page_is_archived_without_its_body(filled: psycopg.Connection, tmp_path: Path) -> None:
    archived = archive_partition(filled, "raw.pages", MARCH, tmp_path)
    rows = pq.ParquetFile(archived.path).read().to_pylist()
    held = filled.execute("select page_id, url, encode(sha256, 'hex') from raw.pages order by fetched_at").fetchall()
    assert [(row["page_id"], row["url"], row["sha256"]) for row in rows] == held
    assert len(rows) == archived.rows == 6
    assert all("body" not in row for row in rows)


def test_archiving_again_changes_nothing_while_nothing_changed(filled: psycopg.Connection, tmp_path: Path) -> None:
    first = archive_partition(filled, "core.price_history", MARCH, tmp_path)
    written = first.path.stat().st_mtime_ns
    assert archive_partition(filled, "core.price_history", MARCH, tmp_path) == first
    assert first.path.stat().st_mtime_ns == written


def test_rows_that_left_the_database_stay_in_the_archive_and_late_ones_join_them(
    filled: psycopg.Connection, tmp_path: Path
) -> None:
    archive_partition(filled, "core.price_history", MARCH, tmp_path)
    before = history_of(filled)
    gone = before[7]
    filled.execute("delete from core.price_history where (listing_id, observed_at) = (%s, %s)", gone[:2])
    store_and_load(filled, page(60 * 24 * 3), [listing(99)])
    archived = archive_partition(filled, "core.price_history", MARCH, tmp_path)
    assert archived_history(archived.path) == sorted([*history_of(filled), gone])
    assert archived.rows == 31
    assert archived.database.rows == 30
    assert is_unchanged(filled, archived)


def test_a_change_between_the_archive_and_the_drop_is_noticed(filled: psycopg.Connection, tmp_path: Path) -> None:
    archived = archive_partition(filled, "core.price_history", MARCH, tmp_path)
    with filled.transaction():
        filled.execute("lock table core.price_history_2026_03 in access exclusive mode")
        assert is_unchanged(filled, archived)
    store_and_load(filled, page(60 * 24 * 2), [listing(1, "9.00")])
    assert not is_unchanged(filled, archived)


def test_an_open_month_and_another_table_are_refused(conn: psycopg.Connection, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not over"):
        archive_partition(conn, "core.price_history", datetime.now(UTC).date(), tmp_path)
    with pytest.raises(ValueError, match="not archived by month"):
        archive_partition(conn, "core.listings", MARCH, tmp_path)
    assert list(tmp_path.rglob("*")) == []


def test_a_month_without_rows_is_archived_as_such(conn: psycopg.Connection, tmp_path: Path) -> None:
    for _ in range(2):
        archived = archive_partition(conn, "core.price_history", MARCH, tmp_path)
        assert archived.rows == 0
        assert pq.ParquetFile(archived.path).read().num_rows == 0


def test_a_damaged_archive_is_neither_trusted_nor_replaced(filled: psycopg.Connection, tmp_path: Path) -> None:
    archived = archive_partition(filled, "core.price_history", MARCH, tmp_path)
    archived.path.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(ArchiveError, match="cannot be read"):
        archive_partition(filled, "core.price_history", MARCH, tmp_path)
    assert archived.path.read_bytes() == b"PAR1 and nothing more"


def test_a_file_that_differs_from_the_database_in_one_value_is_not_taken_for_its_archive(
    filled: psycopg.Connection, tmp_path: Path
) -> None:
    archived = archive_partition(filled, "core.price_history", MARCH, tmp_path)
    right = archived.path.read_bytes()
    filled.execute(
        "update core.price_history set total_minor = total_minor + 1 where (listing_id, observed_at) ="
        " (select listing_id, observed_at from core.price_history limit 1)"
    )
    assert archive_partition(filled, "core.price_history", MARCH, tmp_path).sha256 != archived.sha256
    assert archived.path.read_bytes() != right
    assert archived_history(archived.path) == history_of(filled)


def test_a_disk_that_says_no_leaves_the_old_archive(filled: psycopg.Connection, tmp_path: Path) -> None:
    (tmp_path / "table=price_history").write_text("a file where a folder should be")
    with pytest.raises(ArchiveError, match="2026-03 is not archived"):
        archive_partition(filled, "core.price_history", MARCH, tmp_path)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.integers(1, 3),
            st.datetimes(datetime(2026, 2, 28, 12), datetime(2026, 4, 1, 12)),  # noqa: DTZ001 - UTC is set below
            st.integers(0, 2**63 - 1),
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=5),
        ),
        max_size=30,
        unique_by=lambda row: row[:2],
    )
)
def test_any_rows_survive_the_way_to_the_file(
    rows: list[tuple[int, datetime, int, int | None, str]], conn: psycopg.Connection, tmp_path: Path
) -> None:
    ensure_partitions(conn, date(2026, 2, 1), date(2026, 4, 30))
    conn.execute("truncate core.price_history")
    with conn.cursor().copy("copy core.price_history from stdin") as copy:
        for listing_id, at, price, total, text in rows:
            copy.write_row((listing_id, at.replace(tzinfo=UTC), price, total, "EUR", text))
    for month in (MARCH, MARCH - timedelta(days=1)):
        for path in tmp_path.rglob("*.parquet"):
            path.unlink()
        archived = archive_partition(conn, "core.price_history", month, tmp_path)
        inside = sorted(
            (listing, at.replace(tzinfo=UTC), *rest) for listing, at, *rest in rows if at.month == month.month
        )
        assert [(row[0], row[1], row[2], row[3], row[5]) for row in archived_history(archived.path)] == inside
