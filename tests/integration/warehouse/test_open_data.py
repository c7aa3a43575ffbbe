"""The open data is what the database holds, read by other tools than the one that wrote it."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.integration.warehouse.samples import START, listing, page, store_and_load
from warehouse.connect import DatabaseUrl, connect
from warehouse.open_data import ExportError, damaged_files, export, read_manifest
from warehouse.open_tables import OWN_TABLES
from warehouse.parquet import ROW_GROUP
from warehouse.partitions import ensure_partitions
from warehouse.tables import metadata

pytestmark = pytest.mark.integration
APRIL = START + timedelta(days=30)


def files(directory: Path) -> dict[str, str]:
    """Return path and digest of every Parquet file there."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*.parquet*"))
    }


@pytest.fixture
def filled(conn: psycopg.Connection) -> psycopg.Connection:
    """Two sources, two months, texts that a comma-separated format would trip over, a deal and its message."""
    odd = 'says "hi",\r\nthen \\N and \\. ünï\x1e'
    store_and_load(conn, page(0), [listing(1, "20.00", title=odd), listing(2, "21.50", brand="", size=None)])
    store_and_load(conn, page(30 * 24 * 60), [listing(1, "18.00", title=odd), listing(3, "9999999999.99")])
    store_and_load(conn, page(5, source="ebay"), [listing(4, "7.00", source="ebay", attributes={"seller_link": "me"})])
    conn.execute(
        "insert into app.watches (watch_id, name, source, url, country, currency, params, rules)"
        " overriding system value values (1, 'coats', 'vinted', 'u', 'FR', 'EUR', '{}', '{absolute}')"
    )
    conn.execute(
        "insert into app.deals (watch_id, listing_id, rule, total_minor, price, currency, evidence, is_initial,"
        " page_id, created_at) select 1, listing_id, 'absolute', 1970, 19.70, 'EUR', '[{\"why\": \"cheap\"}]', false,"
        " last_page_id, '2026-04-09 12:00+00' from core.listings where external_id = '8000000001'"
    )
    conn.execute(
        "insert into app.notifications (kind, deal_id, watch_id, channel, idempotency_key, payload, created_at)"
        " select 'deal', deal_id, 1, 'email', 'k', '{\"to\": \"me@example.org\"}', '2026-04-09 12:00+00' from app.deals"
    )
    conn.execute("insert into core.fx_rates values ('2026-03-09', 'USD', 'EUR', 0.923400000001, 'ecb')")
    conn.execute(
        "create table marts.daily (stat_date date, n int, login text, share numeric, primary key (n, stat_date))"
    )
    conn.execute(
        "insert into marts.daily values ('2026-03-01', 1, 'anna', 0.333333333333), ('2026-04-01', 2, 'b', null)"
    )
    return conn


def test_every_row_of_the_history_is_there_with_its_exact_values(filled: psycopg.Connection, tmp_path: Path) -> None:
    result = export(filled, tmp_path)
    told = duckdb.sql(
        "select source, month, listing_id, external_id, epoch_us(observed_at), price_minor, total_minor, currency,"
        f" availability from read_parquet('{tmp_path}/table=price_history/**/*.parquet', hive_partitioning = true)"
        " order by listing_id, observed_at"
    ).fetchall()
    held = filled.execute(
        "select l.source, to_char(observed_at, 'YYYY-MM'), listing_id, external_id,"
        " (extract(epoch from observed_at) * 1000000)::bigint, h.price_minor, h.total_minor, h.currency, h.availability"
        " from core.price_history h join core.listings l using (listing_id) order by listing_id, observed_at"
    ).fetchall()
    assert told == held
    assert result.rows_by_table["price_history"] == len(held) > 4


def test_texts_decimals_times_and_nulls_come_back_as_they_are(filled: psycopg.Connection, tmp_path: Path) -> None:
    export(filled, tmp_path)
    frame = pd.read_parquet(tmp_path / "table=listings").set_index("external_id")
    held = filled.execute("select external_id, title, brand, size, price, first_seen_at from core.listings").fetchall()
    assert len(frame) == len(held) == 4
    for external_id, title, brand, size, price, first_seen_at in held:
        row = frame.loc[external_id]
        assert (row["title"], row["brand"], row["price"]) == (title, brand, price)
        assert (None if pd.isna(row["size"]) else row["size"]) == size
        assert row["first_seen_at"].to_pydatetime() == first_seen_at
    assert frame.loc["8000000003", "price"] == Decimal("9999999999.9900")
    assert set(frame["source"]) == {"vinted", "ebay"}
    rates = pd.read_parquet(tmp_path / "table=fx_rates")
    assert rates["rate"].tolist() == [Decimal("0.923400000001")]
    assert rates["day"].tolist() == [date(2026, 3, 9)]
    readings = pd.read_parquet(tmp_path / "table=page_readings").sort_values("fetched_at")
    ids = [row[0] for row in filled.execute("select listing_ids from ops.page_readings order by fetched_at").fetchall()]
    assert [list(found) for found in readings["listing_ids"]] == ids
    assert [list(found) for found in readings["thin_ids"]] == [[], [], []]


def test_no_file_says_who_sold_who_was_told_or_what_the_page_was(filled: psycopg.Connection, tmp_path: Path) -> None:
    filled.execute("update core.sellers set login = 'distinctlogin'")
    export(filled, tmp_path)
    said = ""
    for path in tmp_path.rglob("*.parquet"):
        said += str(pq.ParquetFile(path).read().to_pylist())
    assert "8000000001" in said
    for secret in ("distinctlogin", "me@example.org", "anna", "seller_link", "warm", "images.example", '{"at":'):
        assert secret not in said


def test_a_new_column_of_an_exported_table_asks_for_a_decision(conn: psycopg.Connection) -> None:
    for table in OWN_TABLES:
        shown = {column.name for column in conn.execute(table.query(None)).description or []}
        for name, left_out in table.behind.items():
            columns = {column.name for column in metadata.tables[name].columns}
            assert set(left_out) <= columns, f"{name}: {left_out} names what there is not"
            undecided = columns - shown - set(left_out)
            assert not undecided, f"{name}: export or leave out {undecided} in warehouse/open_tables.py"


def test_every_type_is_one_that_spark_knows(filled: psycopg.Connection, tmp_path: Path) -> None:
    export(filled, tmp_path)
    known = {pa.bool_(), pa.int16(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.string(), pa.date32()}
    known |= {pa.timestamp("us", "UTC"), pa.list_(pa.int64())}
    for path in tmp_path.rglob("*.parquet"):
        for field in pq.read_schema(path):
            kind = pa.list_(field.type.value_type) if pa.types.is_list(field.type) else field.type
            assert kind in known or (pa.types.is_decimal128(kind) and kind.precision <= 38), f"{path}: {field}"


def test_the_same_data_gives_the_same_bytes(filled: psycopg.Connection, database: DatabaseUrl, tmp_path: Path) -> None:
    export(filled, tmp_path / "one")
    # The heap's order changes and the rows' meaning does not; another session has other settings.
    filled.execute("update core.listing_details set title = title where listing_id % 2 = 1")
    filled.execute("create temporary table t as select * from core.price_history order by listing_id desc")
    filled.execute("delete from core.price_history")
    filled.execute("insert into core.price_history select * from t")
    with connect(database) as other:
        other.execute("set timezone = 'Asia/Tashkent'; set datestyle = 'SQL, DMY'; set bytea_output = 'escape'")
        export(other, tmp_path / "two")
    assert files(tmp_path / "one") == files(tmp_path / "two") != {}


def test_the_manifest_proves_the_files(filled: psycopg.Connection, tmp_path: Path) -> None:
    result = export(filled, tmp_path)
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    entries = [file for table in manifest.tables.values() for unit in table.units.values() for file in unit.files]
    assert {file.path: file.sha256 for file in entries} == files(tmp_path)
    assert (len(entries), sum(file.rows for file in entries)) == (result.files, result.rows)
    assert manifest.tables["listings"].columns["price"] == "decimal(18,4)"
    assert damaged_files(tmp_path) == []
    victim = tmp_path / entries[0].path
    victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    (tmp_path / entries[1].path).unlink()
    assert damaged_files(tmp_path) == sorted([entries[0].path, entries[1].path])


def test_a_killed_export_goes_on_where_it_was_and_leaves_no_half_file(
    filled: psycopg.Connection, tmp_path: Path
) -> None:
    class Killed(BaseException):
        pass

    def kill(_name: str, done: int, _total: int, _rows: int) -> None:
        if done == 3:
            raise Killed

    with pytest.raises(Killed):
        export(filled, tmp_path, on_unit=kill)
    stood = files(tmp_path)
    (tmp_path / "table=price_history" / ".part-0.parquet.tmp").write_bytes(b"half")
    damaged = next(iter(stood))
    (tmp_path / damaged).write_bytes(b"")
    result = export(filled, tmp_path, resume=True)
    assert result.kept_units == 2, "three were written, of which one was damaged since"
    assert damaged_files(tmp_path) == []
    export(filled, tmp_path / "whole")
    whole = files(tmp_path / "whole")
    assert {path: digest for path, digest in files(tmp_path).items() if not path.startswith("whole/")} == whole
    again = export(filled, tmp_path, resume=True)
    assert again.kept_units == 0, "a finished export is not gone on with"


def test_a_month_is_replaced_whole_and_one_past_its_retention_stays(filled: psycopg.Connection, tmp_path: Path) -> None:
    export(filled, tmp_path)
    before = files(tmp_path)
    march = "table=price_history/source=vinted/month=2026-03/part-0.parquet"
    ebay = "table=price_history/source=ebay/month=2026-03/part-0.parquet"
    april = "table=price_history/source=vinted/month=2026-04/part-0.parquet"
    # What was taken down in a month that is kept must go; a month that was dropped must not.
    filled.execute(
        "delete from core.price_history using core.listings l where l.listing_id = price_history.listing_id"
        " and l.source = 'ebay'"
    )
    result = export(filled, tmp_path)
    assert result.removed_files == 1
    assert set(before) - set(files(tmp_path)) == {ebay}
    filled.execute("delete from core.price_history where observed_at < '2026-04-01'")
    filled.execute("update core.price_history set price_minor = 1")
    export(filled, tmp_path)
    after = files(tmp_path)
    assert after[march] == before[march]
    assert after[april] != before[april]
    assert damaged_files(tmp_path) == []


def test_only_the_asked_months_and_tables_are_written(filled: psycopg.Connection, tmp_path: Path) -> None:
    export(filled, tmp_path, tables=["price_history", "marts.daily"], first=date(2026, 4, 2), last=date(2026, 4, 3))
    assert set(files(tmp_path)) == {
        "table=price_history/source=vinted/month=2026-04/part-0.parquet",
        "table=marts.daily/month=2026-04/part-0.parquet",
    }


def test_a_mart_that_dbt_replaces_while_the_export_runs_has_its_rows(
    filled: psycopg.Connection, database: DatabaseUrl, tmp_path: Path
) -> None:
    def replace(name: str, *_: int) -> None:
        if name.startswith("price_history"):
            with connect(database) as dbt:
                dbt.execute("create table marts.next (like marts.daily including all)")
                dbt.execute("insert into marts.next values ('2026-03-01', 7, 'x', 1), ('2026-04-01', 8, 'x', 1)")
                with dbt.transaction():
                    dbt.execute("drop table marts.daily")
                    dbt.execute("alter table marts.next rename to daily")

    export(filled, tmp_path, on_unit=replace)
    assert pd.read_parquet(tmp_path / "table=marts.daily")["n"].tolist() == [7, 8]


def test_what_cannot_be_exported_is_said_in_one_sentence(filled: psycopg.Connection, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"no table sellers .* price_history"):
        export(filled, tmp_path, tables=["sellers"])
    with pytest.raises(ExportError, match="swap them"):
        export(filled, tmp_path, first=date(2026, 4, 1), last=date(2026, 3, 31))
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ExportError, match="another directory"):
        export(filled, tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="cannot be written"):
        export(filled, tmp_path / "file")


def test_two_exports_do_not_write_to_one_directory(
    filled: psycopg.Connection, database: DatabaseUrl, tmp_path: Path
) -> None:
    refused = []

    def second(*_: object) -> None:
        with connect(database) as other, pytest.raises(ExportError, match="another export"):
            export(other, tmp_path)
        refused.append(1)

    export(filled, tmp_path, tables=["products"], on_unit=second)
    assert refused == [1]


def test_files_longer_than_a_row_group_are_cut_at_the_same_rows_each_time(
    conn: psycopg.Connection, tmp_path: Path
) -> None:
    rows = ROW_GROUP + 60_001
    store_and_load(conn, page(0), [listing(1)])
    conn.execute(
        "insert into core.price_history select listing_id, '2026-03-01'::timestamptz + n * interval '1 second', n,"
        " null, 'EUR', 'available' from core.listings, generate_series(1, %s) n",
        (rows,),
    )
    export(conn, tmp_path, tables=["price_history"])
    (path,) = tmp_path.rglob("*.parquet")
    groups = pq.ParquetFile(path).metadata
    assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == [ROW_GROUP, 60_002]
    minors = pq.ParquetFile(path).read(["price_minor"]).column(0).to_pylist()
    assert sorted(minors)[-1] == rows
    assert len(set(minors)) >= rows


def test_what_compaction_left_out_of_the_history_is_told_beside_it(filled: psycopg.Connection, tmp_path: Path) -> None:
    filled.execute(
        "insert into core.price_history_months select listing_id, '2026-03-01', 7, 12 from core.listings"
        " where source = 'ebay'"
    )
    export(filled, tmp_path)
    months = pd.read_parquet(tmp_path / "table=price_history_months")
    assert months[["external_id", "source", "month", "days", "checks"]].to_numpy().tolist() == [
        ["8000000004", "ebay", "2026-03", 7, 12]
    ]


def test_a_moment_is_in_the_month_it_is_in_utc(conn: psycopg.Connection, tmp_path: Path) -> None:
    edge = datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)
    store_and_load(conn, page(0), [listing(1)])
    ensure_partitions(conn, date(2026, 4, 1), date(2026, 4, 1))
    conn.execute("delete from core.price_history")
    for moment in (edge, edge + timedelta(microseconds=1)):
        conn.execute(
            "insert into core.price_history select listing_id, %s, 1, 1, 'EUR', 'available' from core.listings",
            (moment,),
        )
    export(conn, tmp_path, tables=["price_history"])
    found = pd.read_parquet(tmp_path / "table=price_history").sort_values("observed_at")
    assert [(row.month, row.observed_at.to_pydatetime()) for row in found.itertuples()] == [
        ("2026-03", edge),
        ("2026-04", edge + timedelta(microseconds=1)),
    ]
