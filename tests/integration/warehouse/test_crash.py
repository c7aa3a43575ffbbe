"""A loader killed at random points, then run again, ends with the rows of an undisturbed run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from domain.page import RawPage
from domain.watch import Watch
from tests.integration.warehouse import loader
from tests.postgres import fresh_database
from warehouse.connect import DatabaseUrl, connect
from warehouse.digest import table_digests
from warehouse.load import load_reading
from warehouse.pages import store_pages, unread_pages
from warehouse.watches import add_watch

pytestmark = [pytest.mark.integration, pytest.mark.crash]

_REPOSITORY = Path(__file__).resolve().parents[3]
KILLS = 20


def _prepare(conn: psycopg.Connection) -> None:
    watch = add_watch(
        conn,
        Watch(
            watch_id=0,
            owner="owner",
            name="coats",
            source="vinted",
            url="https://www.vinted.fr/catalog?search_text=coat",
            country="fr",
            currency="EUR",
            params={"search_text": "coat"},
            blacklist=("/coat .*7$/",),
        ),
    )
    store_pages(conn, loader.script(watch.watch_id))


@contextmanager
def _loader(database: DatabaseUrl) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.integration.warehouse.loader", database.libpq]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=_REPOSITORY) as process:  # ours
        yield process


def _unread(conn: psycopg.Connection) -> int:
    return sum(1 for _ in unread_pages(conn, "vinted", loader.START.date(), 1))


def test_a_loader_killed_at_random_points_ends_with_the_rows_of_an_undisturbed_run(
    postgres_server: DatabaseUrl, database_template: DatabaseUrl
) -> None:
    with fresh_database(postgres_server, database_template) as database, connect(database) as conn:
        _prepare(conn)
        for page_id, raw in unread_pages(conn, "vinted", loader.START.date(), 1):
            load_reading(conn, page_id, raw, loader.read(raw), parser_version=1)
        undisturbed = table_digests(conn)

    seed = int(os.environ.get("PRICESCOPE_CRASH_SEED", "20261121"))
    dice = random.Random(seed)  # reproducible, not secret
    with fresh_database(postgres_server, database_template) as database, connect(database) as conn:
        _prepare(conn)
        kills = 0
        while kills < KILLS and _unread(conn) > 1:
            with _loader(database) as process:
                assert process.stdout is not None
                for _ in range(dice.randint(1, 2)):
                    process.stdout.readline()
                # Within the next page's transaction, which takes some milliseconds.
                time.sleep(dice.uniform(0, 0.012))
                process.send_signal(signal.SIGKILL)
                kills += 1
        assert kills == KILLS, f"the loader was faster than the kills; seed {seed}"
        assert _unread(conn) > 0
        with _loader(database) as process:
            process.communicate(timeout=60)
            assert process.returncode == 0
        assert _unread(conn) == 0
        assert table_digests(conn) == undisturbed, f"seed {seed}"


@pytest.mark.parametrize("table", ["core.price_history", "core.listing_state", "app.watch_listings", "ops.quarantine"])
def test_the_digest_sees_one_row_too_few(table: str, conn: psycopg.Connection) -> None:
    _prepare(conn)
    for page_id, raw in unread_pages(conn, "vinted", loader.START.date(), 1):
        load_reading(conn, page_id, raw, loader.read(raw), parser_version=1)
        break
    before = table_digests(conn)
    conn.execute(f"delete from {table} where ctid = (select min(ctid) from {table})")
    # A listing is shown with the prices of its state.
    shown = {"core.listings"} if table == "core.listing_state" else set()
    assert {name for name, digest in table_digests(conn).items() if digest != before[name]} == {table, *shown}


def _load_and_be_cut_off(victim: psycopg.Connection, killer: psycopg.Connection, page_id: int, raw: RawPage) -> None:
    with victim.transaction():
        load_reading(victim, page_id, raw, loader.read(raw), parser_version=1)
        killer.execute("select pg_terminate_backend(%s)", (victim.info.backend_pid,))
        victim.execute("select 1")


def test_a_connection_that_the_server_cuts_before_the_commit_leaves_nothing_of_the_page(database: DatabaseUrl) -> None:
    with connect(database) as conn:
        _prepare(conn)
        pages = list(unread_pages(conn, "vinted", loader.START.date(), 1))[:3]
    for page_id, raw in pages:
        for _ in range(3):
            with connect(database) as victim, connect(database) as killer:
                with pytest.raises(psycopg.OperationalError):
                    _load_and_be_cut_off(victim, killer, page_id, raw)
                row = killer.execute("select count(*) from ops.page_readings where page_id = %s", (page_id,)).fetchone()
                assert row == (0,)
        with connect(database) as conn:
            assert load_reading(conn, page_id, raw, loader.read(raw), parser_version=1).records >= loader.PER_PAGE
