"""Raw pages: each stored once, however many processes store it at a time, and given back byte for byte."""

from __future__ import annotations

import random
import threading

import psycopg
import pytest

from tests.integration.warehouse.samples import page
from warehouse.connect import DatabaseUrl, connect
from warehouse.pages import read_page, store_pages

pytestmark = pytest.mark.integration


def test_two_processes_that_store_the_same_pages_at_once_get_the_same_ids(
    conn: psycopg.Connection, database: DatabaseUrl
) -> None:
    pages = [page(minute) for minute in range(6)]
    first: list[int] = []
    second: list[int] = []

    def store() -> None:
        with connect(database) as other:
            second.extend(store_pages(other, [*reversed(pages), page(10)]))

    thread = threading.Thread(target=store)
    with conn.transaction():
        first.extend(store_pages(conn, pages))
        thread.start()
        thread.join(0.3)
        assert not second, "the other waits for this one to be kept, or taken back"
    thread.join(20)
    assert list(reversed(second[:6])) == first
    assert conn.execute("select count(*), count(distinct page_id) from raw.pages").fetchone() == (7, 7)


def test_pages_of_any_size_stored_together_come_back_byte_for_byte(conn: psycopg.Connection) -> None:
    dice = random.Random(5)  # reproducible, not secret
    bodies = [b"", b"\x00\xff", dice.randbytes(1_500_000), b"<html>" * 200_000, "zażółć".encode()]
    pages = [page(minute, body=body) for minute, body in enumerate(bodies)]
    ids = store_pages(conn, [*pages, pages[2]])
    assert ids[5] == ids[2]
    assert [read_page(conn, page_id).body for page_id in ids[:5]] == bodies
    assert [read_page(conn, page_id) for page_id in ids[:5]] == pages
    assert store_pages(conn, pages) == ids[:5]


def test_a_page_with_an_unknown_origin_is_refused(conn: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        store_pages(conn, [page(0)], origin="guess")  # type: ignore[arg-type]  # what is tested
