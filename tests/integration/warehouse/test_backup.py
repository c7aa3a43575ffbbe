"""A backup is a moment of the warehouse, whole; a restore brings back every row of it or says that it does not."""

from __future__ import annotations

import itertools
import stat
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest

from tests.integration.warehouse.samples import listing, page, store_and_load
from tests.postgres import fresh_database
from warehouse.backup import BackupError, backup, restore
from warehouse.closing import close_month
from warehouse.connect import DatabaseUrl, connect
from warehouse.digest import row_digests, table_digests
from warehouse.migrate import downgrade, is_migrated
from warehouse.pg_tools import Tool, ToolError, choose, environment, find_tool, installed_tools, run_tool

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 1, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def filled(conn: psycopg.Connection) -> psycopg.Connection:
    for minute in range(20):
        store_and_load(conn, page(minute), [listing(number, f"{20 + minute}.00") for number in range(40)])
    conn.execute("create table marts.daily (stat_date date, share double precision, name text)")
    conn.execute("insert into marts.daily values ('2026-03-01', 0.1, 'ünï \\N'), (null, 'NaN', null)")
    conn.execute("create view marts.shown as select * from marts.daily")
    return conn


@pytest.fixture
def other(postgres_server: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """An address at which no database is yet."""
    with fresh_database(postgres_server) as address:
        with connect(postgres_server) as conn:
            conn.execute(f"drop database {address.database}")
        yield address


def digests(url: DatabaseUrl) -> dict[str, str]:
    with connect(url) as conn:
        return row_digests(conn)


def databases(url: DatabaseUrl) -> list[str]:
    with connect(url.with_database("postgres")) as conn:
        found = conn.execute("select datname from pg_database where datname like %s", (f"{url.database}%",)).fetchall()
    return sorted(name for (name,) in found)


def test_every_row_of_every_table_comes_back(
    filled: psycopg.Connection, database: DatabaseUrl, other: DatabaseUrl, tmp_path: Path
) -> None:
    before = digests(database)
    path, note = backup(database, tmp_path, now=NOW)
    assert path == tmp_path / "pricescope-20261101T030405Z.dump"
    assert note.tables == before
    assert note.rows > 20 * 2 + 40 * 3
    restored = restore(other, path)
    assert restored == note
    assert digests(other) == before
    with connect(other) as conn:
        assert table_digests(conn) == table_digests(filled)
        assert conn.execute("select count(*) from marts.shown").fetchone() == (2,)
        store_and_load(conn, page(99), [listing(7, "1.00"), listing(1000)])  # ids and partitions go on
    assert digests(other) != before


def test_packed_months_come_back_and_still_notice_late_pages(
    filled: psycopg.Connection, database: DatabaseUrl, other: DatabaseUrl, tmp_path: Path
) -> None:
    close_month(filled, date(2026, 3, 1), today=NOW.date())
    before = digests(database)
    path, _ = backup(database, tmp_path, now=NOW)
    restore(other, path)
    assert digests(other) == before
    with connect(other) as conn:
        assert conn.execute("select count(*) from ops.packed_months").fetchone() == (1,)
        store_and_load(conn, page(99), [listing(7, "1.00"), listing(1000)])
        assert conn.execute("select count(*) from ops.packed_months").fetchone() == (0,)


def test_a_backup_while_pages_are_loaded_is_one_moment(
    filled: psycopg.Connection, database: DatabaseUrl, other: DatabaseUrl, tmp_path: Path
) -> None:
    stop, loading, loaded = threading.Event(), threading.Event(), itertools.count()

    def load() -> None:
        with connect(database) as conn:
            while not stop.is_set():
                minute = next(loaded)
                first = 1000 + minute * 20
                store_and_load(conn, page(100 + minute), [listing(number) for number in range(first, first + 25)])
                loading.set()

    loader = threading.Thread(target=load)
    loader.start()
    try:
        assert loading.wait(30)
        began = next(loaded)
        path, note = backup(database, tmp_path / "busy.dump", now=NOW)
        assert next(loaded) > began + 1, "pages were loaded meanwhile"
    finally:
        stop.set()
        loader.join()
    restore(other, path)
    assert digests(other) == note.tables
    assert digests(database) != note.tables
    with connect(other) as conn:
        sums = conn.execute("select sum(new_items), sum(records), count(*) from ops.page_readings").fetchone()
        assert sums is not None
        held = conn.execute(
            "select (select count(*) from core.listings), (select count(*) from core.listing_state),"
            " (select count(*) from raw.pages)"
        ).fetchone()
        assert held is not None
        assert held[:2] == (sums[0], sums[0]), "each page that was read is there with its listings, or not at all"
        assert held[2] - sums[2] in {0, 1}, "a page is stored before it is read"


def test_a_table_that_dbt_replaces_meanwhile_is_there_with_its_rows(
    filled: psycopg.Connection, database: DatabaseUrl, other: DatabaseUrl, tmp_path: Path
) -> None:
    filled.execute("create table marts.next (like marts.daily)")
    filled.execute("insert into marts.next select '2026-03-01', n, 'new' from generate_series(1, 50) n")
    done = threading.Event()

    def replace_once_a_snapshot_is_held() -> None:
        with connect(database) as conn:
            while (
                not done.is_set()
                and not conn.execute(
                    "select 1 from pg_stat_activity where datname = current_database()"
                    " and application_name = 'pricescope:backup' and backend_xmin is not null"
                ).fetchone()
            ):
                pass
            with conn.transaction():
                conn.execute("drop table marts.daily cascade")
                conn.execute("alter table marts.next rename to daily")

    dbt = threading.Thread(target=replace_once_a_snapshot_is_held)
    dbt.start()
    try:
        path, note = backup(database, tmp_path / "one.dump", now=NOW)
    finally:
        done.set()
        dbt.join()
    assert note.tables["marts.daily"].partition(":")[0] in {"2", "50"}, "the old rows or the new ones, never none"
    restore(other, path)
    assert digests(other) == note.tables


def test_a_database_that_holds_something_is_not_touched_unasked(
    filled: psycopg.Connection, database: DatabaseUrl, other: DatabaseUrl, tmp_path: Path
) -> None:
    path, _ = backup(database, tmp_path / "one.dump", now=NOW)
    store_and_load(filled, page(500), [listing(500)])
    held = digests(database)
    with pytest.raises(BackupError, match=r"is not empty: it holds .* tables.*--replace"):
        restore(database, path)
    assert digests(database) == held


def test_replacing_waits_until_nobody_uses_the_database_and_then_leaves_one(
    filled: psycopg.Connection, database: DatabaseUrl, tmp_path: Path
) -> None:
    path, note = backup(database, tmp_path / "one.dump", now=NOW)
    store_and_load(filled, page(500), [listing(500)])
    held = digests(database)
    with pytest.raises(BackupError, match="in use by pricescope and stays as it was"):
        restore(database, path, replace=True)
    assert digests(database) == held
    assert databases(database) == [database.database]
    filled.close()
    restore(database, path, replace=True)
    assert digests(database) == note.tables != held
    assert databases(database) == [database.database]


def test_a_damaged_or_unknown_backup_replaces_nothing(
    filled: psycopg.Connection, database: DatabaseUrl, tmp_path: Path
) -> None:
    filled.close()
    held = digests(database)
    path, _ = backup(database, tmp_path / "one.dump", now=NOW)
    beside = tmp_path / "one.dump.json"
    whole, said = path.read_bytes(), beside.read_text()
    path.write_bytes(whole[:-100] + b"x" * 100)
    with pytest.raises(BackupError, match="damaged"):
        restore(database, path, replace=True)
    beside.unlink()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupError, match="pg_restore"):
        restore(database, path, replace=True)
    path.write_bytes(whole)
    beside.write_text(said.replace('"revision": "', '"revision": "99'))
    with pytest.raises(BackupError, match="newer release"):
        restore(database, path, replace=True)
    beside.write_text("{")
    with pytest.raises(BackupError, match="cannot be read"):
        restore(database, path, replace=True)
    with pytest.raises(BackupError, match="no backup"):
        restore(database, tmp_path / "none.dump", replace=True)
    assert digests(database) == held
    assert databases(database) == [database.database]


def test_rows_that_are_not_those_of_the_backup_are_noticed(
    filled: psycopg.Connection, database: DatabaseUrl, other: DatabaseUrl, tmp_path: Path
) -> None:
    path, note = backup(database, tmp_path / "one.dump", now=NOW)
    beside = tmp_path / "one.dump.json"
    beside.write_text(beside.read_text().replace(note.tables["core.listing_details"], "40:1"))
    with pytest.raises(BackupError, match=r"not those of the backup in core.listing_details\."):
        restore(other, path)


def test_a_backup_of_an_older_release_is_migrated(
    filled: psycopg.Connection, database: DatabaseUrl, other: DatabaseUrl, tmp_path: Path
) -> None:
    downgrade(database, "0004")
    path, note = backup(database, tmp_path / "old.dump", now=NOW)
    assert note.revision == "0004"
    restore(other, path)
    assert is_migrated(other)


def test_a_backup_without_its_note_is_restored_and_said_to_be_unproved(
    filled: psycopg.Connection, database: DatabaseUrl, other: DatabaseUrl, tmp_path: Path
) -> None:
    path, note = backup(database, tmp_path / "one.dump", now=NOW)
    (tmp_path / "one.dump.json").unlink()
    assert restore(other, path) is None
    assert digests(other) == note.tables


def test_only_its_owner_may_read_a_backup_and_a_failed_one_leaves_nothing(
    filled: psycopg.Connection, database: DatabaseUrl, tmp_path: Path
) -> None:
    backup(database, tmp_path / "one.dump", now=NOW)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert {path.name for path in tmp_path.iterdir()} == {"one.dump", "one.dump.json"}
    with pytest.raises(BackupError, match="cannot be written"):
        backup(database, tmp_path / "no" / "such" / "folder", now=NOW)
    blocked = tmp_path / "blocked"
    (blocked / ".two.dump.json.tmp").mkdir(parents=True)
    with pytest.raises(BackupError, match="cannot be written"):
        backup(database, blocked / "two.dump", now=NOW)
    assert [path.name for path in blocked.iterdir()] == [".two.dump.json.tmp"]


def test_one_changed_value_changes_the_digest_of_its_table_alone(filled: psycopg.Connection) -> None:
    before = row_digests(filled)
    filled.execute("set timezone = 'Asia/Tashkent'; set datestyle = 'SQL'; set extra_float_digits = -15")
    assert row_digests(filled) == before
    for statement, table in (
        ("update core.price_history set total_minor = total_minor + 1 where listing_id = 3", "core.price_history"),
        ("update raw.pages set body = body || '\\x00' where page_id = 5", "raw.pages"),
        ("update marts.daily set share = 0.1 + 1e-17 where name is null", "marts.daily"),
        ("update marts.daily set name = '' where name is null", "marts.daily"),
        ("update core.sellers set login = 'x' where external_id = '1'", "core.sellers"),
    ):
        was = row_digests(filled)
        filled.execute(statement)
        changed = {name for name, digest in row_digests(filled).items() if digest != was[name]}
        assert changed == {table}, statement


def test_a_program_learns_the_password_from_its_environment_and_an_error_does_not_repeat_it(
    database: DatabaseUrl,
) -> None:
    secret = replace(database, password="hunter2")
    python = Tool(Path(sys.executable), 18)
    code = "import os, sys; print(os.environ['PGPASSWORD'], os.environ['PGDATABASE'], sys.argv)"
    said = run_tool(python, ["-c", code, "x"], secret)
    assert said.split(maxsplit=2)[:2] == ["hunter2", database.database]
    assert "hunter2" not in said.split(maxsplit=2)[2]
    with pytest.raises(ToolError, match=r"refused \*\*\*") as failed:
        run_tool(python, ["-c", "import sys, os; sys.exit('refused ' + os.environ['PGPASSWORD'])"], secret)
    assert "hunter2" not in str(failed.value)
    environ = environment({"PGHOST": "elsewhere", "PGSERVICE": "s", "HOME": "/h"}, None)
    assert environ == {"HOME": "/h", "LC_MESSAGES": "C"}
    tls = replace(database, options=(("sslmode", "require"), ("sslpassword", "p")))
    with pytest.raises(ToolError, match="sslpassword cannot be passed"):
        environment({}, tls)


@pytest.mark.parametrize(
    ("name", "server", "there", "chosen"),
    [
        ("pg_dump", 16, [15, 16, 18], 16),
        ("pg_dump", 16, [15, 18], 18),
        ("pg_dump", 16, [15], None),
        ("pg_restore", 15, [18, 15], 15),
        ("pg_restore", 15, [16, 18], 16),
        ("pg_restore", 15, [17, 18], None),
        ("pg_restore", 17, [18], 18),
        ("pg_restore", 18, [15, 17], None),
    ],
)
def test_the_program_that_fits_the_server_is_chosen(name: str, server: int, there: list[int], chosen: int) -> None:
    tools = [Tool(Path(f"/{major}/{name}"), major) for major in there]
    found = choose(tools, name, server)  # type: ignore[arg-type]  # one of the two names
    assert (None if found is None else found.major) == chosen


def test_a_server_that_no_program_fits_is_told_what_to_install() -> None:
    assert installed_tools("pg_dump")
    with pytest.raises(
        ToolError, match=r"PostgreSQL 99, and no pg_dump here fits it \(found: \d+ at .*client programs"
    ):
        find_tool("pg_dump", 99)
