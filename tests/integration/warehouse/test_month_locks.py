"""A month put in order, packed, compacted or dropped, and whatever writes to the history meanwhile, both get done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date
from time import monotonic, sleep

import psycopg
import pytest

from tests.integration.warehouse.samples import listing, page, store_and_load
from warehouse import months
from warehouse.closing import close_month, pack_parts
from warehouse.compaction import compact_month
from warehouse.connect import DatabaseUrl, connect
from warehouse.months import MonthError
from warehouse.partitions import drop_month
from warehouse.watches import delete_listings

pytestmark = pytest.mark.integration

DAY = 24 * 60
MARCH = date(2026, 3, 1)
TODAY = date(2026, 6, 2)

Work = Callable[[psycopg.Connection], object]

REWRITES: dict[str, Work] = {
    "close": lambda conn: close_month(conn, MARCH, today=TODAY),
    "compact": lambda conn: compact_month(conn, MARCH, today=TODAY),
    "pack": lambda conn: pack_parts(conn, settled=date(2026, 3, 31)),
    "drop": lambda conn: drop_month(conn, "core.price_history", MARCH),
}


def load_late(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(2 * DAY + 60), [listing(1, "15.00")])


def load_late_of_another_month(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(40 * DAY - 60), [listing(1, "15.00")])


def delete(conn: psycopg.Connection) -> None:
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(hashtextextended('pricescope.load:vinted', 0))")
        delete_listings(conn, [1])


def enter(conn: psycopg.Connection) -> None:
    """Write as the release of a review does: in no source's turn."""
    conn.execute("insert into core.price_history values (1, '2026-03-15 00:00+00', 100, 100, 'EUR', 'available')")


WRITES: dict[str, Work] = {
    "late page": load_late,
    "late page of another month": load_late_of_another_month,
    "deletion": delete,
    "release": enter,
}


@pytest.fixture
def loaded(conn: psycopg.Connection) -> psycopg.Connection:
    for day in (0, 1, 2, 3, 17, 40):
        store_and_load(conn, page(day * DAY), [listing(1), listing(2)])
    return conn


@contextmanager
def at_work(database: DatabaseUrl, work: Work) -> Iterator[Future[object]]:
    """Do something on a connection of its own, in a thread of its own."""
    with connect(database) as own, ThreadPoolExecutor(1) as pool:
        yield pool.submit(work, own)


def wait_for_waiting(conn: psycopg.Connection, sessions: int, *, unless: Future[object]) -> None:
    """Return once so many sessions wait for a lock, or what was started is done."""
    deadline = monotonic() + 20
    while monotonic() < deadline and not unless.done():
        found = conn.execute(
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        ).fetchone()
        if found is not None and found[0] >= sessions:
            return
        sleep(0.02)


@pytest.mark.parametrize(
    ("rewrite", "write"),
    # Nothing of a dropped month is ever released: a review of it went before.
    [(rewrite, write) for rewrite in REWRITES for write in WRITES if (rewrite, write) != ("drop", "release")],
)
def test_neither_is_killed_for_the_other(
    loaded: psycopg.Connection, database: DatabaseUrl, rewrite: str, write: str
) -> None:
    with connect(database) as reader:
        # A reader holds the rewriting up at the moment at which it takes the month's place.
        reader.execute("begin")
        reader.execute("select count(*) from core.price_history")
        with at_work(database, REWRITES[rewrite]) as rewriting:
            wait_for_waiting(loaded, 1, unless=rewriting)
            with at_work(database, WRITES[write]) as writing:
                wait_for_waiting(loaded, 2, unless=writing)
                reader.execute("commit")
                writing.result(timeout=30)
                rewriting.result(timeout=30)


@pytest.mark.parametrize("rewrite", REWRITES)
def test_a_load_of_many_pages_is_waited_for(loaded: psycopg.Connection, database: DatabaseUrl, rewrite: str) -> None:
    with ExitStack() as stack:
        loader = stack.enter_context(connect(database))
        loader.execute("begin")
        store_and_load(loader, page(41 * DAY), [listing(1, "18.00")])
        rewriting = stack.enter_context(at_work(database, REWRITES[rewrite]))
        wait_for_waiting(loaded, 1, unless=rewriting)
        load_late(loader)
        assert not rewriting.done()
        loader.execute("commit")
        rewriting.result(timeout=30)


def test_a_long_reader_is_named_and_the_month_left_as_it_was(
    loaded: psycopg.Connection, database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(months, "_ATTEMPTS", 2)
    monkeypatch.setattr(months, "_WAIT_MILLISECONDS", 50)
    before = loaded.execute("select * from core.price_history order by 1, 2").fetchall()
    with connect(database) as reader, connect(database) as other:
        reader.execute("begin")
        reader.execute("select count(*) from core.price_history")
        with pytest.raises(MonthError, match="2026-03 was left as it was; try again"):
            compact_month(other, MARCH, today=TODAY)
    assert loaded.execute("select * from core.price_history order by 1, 2").fetchall() == before
    assert compact_month(loaded, MARCH, today=TODAY).rows_after == 2
