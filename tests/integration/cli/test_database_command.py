"""The commands of docs/history.md that review the database, typed as the page shows them, on a server of tests."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.integration.cli.conftest import Command
from tests.integration.warehouse.samples import listing, page, store_and_load
from tests.unit.deploy.deployment import ROOT
from warehouse.connect import DatabaseUrl, connect
from warehouse.embeddings import Space, store_vectors

pytestmark = pytest.mark.integration

LINES = re.findall(r"^pricescope database (.*?)(?:\s*#.*)?$", (ROOT / "docs" / "history.md").read_text(), re.MULTILINE)


@pytest.fixture(scope="module", autouse=True)
def loaded(own_database: DatabaseUrl) -> None:
    with connect(own_database) as conn:
        for day in range(3):
            stored = store_and_load(conn, page(day * 24 * 60), [listing(1), listing(2)])
        store_vectors(conn, Space("title", "a-model"), stored.listing_ids[:1], [bytes(32)], np.eye(1, dtype=np.float32))


@pytest.mark.parametrize("line", [re.sub(r" \[.*\]", "", line) for line in LINES])
def test_each_command_of_the_page_runs(pricescope: Command, line: str) -> None:
    done = pricescope("database", *line.split())
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() != ""


def test_the_page_shows_all_commands() -> None:
    shown = {"sizes", "indexes", "statements", "vacuum", "compact", "orphans", "vectors"}
    assert {line.split()[0] for line in LINES} == shown


def test_a_server_that_counts_no_statements_says_what_is_missing(
    pricescope: Command, own_database: DatabaseUrl
) -> None:
    with connect(own_database) as conn:
        if conn.execute("select 1 from pg_available_extensions where name = 'pg_stat_statements'").fetchone():
            pytest.skip("this server has pg_stat_statements")
        conn.execute("begin")
        done = pricescope("database", "statements")
    assert "no pg_stat_statements (the embedded one comes without extensions)" in " ".join(done.stderr.split())
    assert "idle in transaction" in done.stdout, "what runs instead"


def test_months_that_cannot_be_compacted_are_told_so(pricescope: Command) -> None:
    for month, said in (("2026-13", "not a month"), ("2019-01", "no history of 2019-01"), ("2099-01", "is not over")):
        done = pricescope("database", "compact", month)
        assert done.returncode == 2
        assert said in done.stderr


def test_no_name_is_cut_to_a_narrow_window(pricescope: Command) -> None:
    assert "core.price_history_2026_03" in pricescope("database", "sizes", COLUMNS="60").stdout
    assert "ix_listing_details_condition_listed_at" in pricescope("database", "indexes", COLUMNS="60").stdout
