"""dbt's own tables in the open data: each with all its rows, and no column that names a person."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.integration.statistics.conftest import Market
from warehouse.connect import connect
from warehouse.open_data import export

pytestmark = pytest.mark.integration


def test_every_mart_goes_out_with_all_its_rows(market: Market, tmp_path: Path) -> None:
    with connect(market.address) as conn:
        result = export(conn, tmp_path)
        marts = conn.execute(
            "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
        ).fetchall()
        assert len(marts) > 10
        for (name,) in marts:
            row = conn.execute(f"select count(*) from marts.{name}").fetchone()
            assert row == (result.rows_by_table[f"marts.{name}"],), name
            if row != (0,):
                files = f"'{tmp_path}/table=marts.{name}/**/*.parquet'"
                assert duckdb.sql(f"select count(*) from {files}").fetchall() == [row]
                columns = duckdb.sql(f"from {files}").columns
                assert not [column for column in columns if "login" in column or "email" in column]
    assert result.rows_by_table["marts.watch_condition_stats"] > 0
