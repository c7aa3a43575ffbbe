"""Listings that nothing holds are told by source and go on their owner's word alone."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.warehouse.samples import START, listing, page, store_and_load
from warehouse.compaction import compact_month
from warehouse.orphans import delete_orphans, orphans
from warehouse.retention import delete_orphan_sellers

pytestmark = pytest.mark.integration


def held(conn: psycopg.Connection, table: str) -> set[int]:
    return {number for (number,) in conn.execute(f"select listing_id from {table}".encode()).fetchall()}


def test_only_what_no_watch_and_no_product_holds_is_an_orphan_and_it_goes_whole(conn: psycopg.Connection) -> None:
    for day in (0, 1):
        store_and_load(conn, page(day * 24 * 60), [listing(number) for number in (1, 2, 3, 4)])
    ids = sorted(held(conn, "core.listings"))
    conn.execute(
        "insert into app.watches (name, source, url, country, currency, params, rules)"
        " values ('w', 'vinted', 'u', 'fr', 'EUR', '{}', '{}')"
    )
    conn.execute(
        "insert into app.watch_listings (watch_id, listing_id, first_seen_at, last_seen_at, is_initial)"
        " select watch_id, %s, now(), now(), false from app.watches",
        (ids[0],),
    )
    conn.execute("insert into core.products (sku, name) values ('S', 'thing')")
    for number, state in ((ids[1], "approved"), (ids[2], "rejected")):
        conn.execute(
            "insert into core.product_sources (product_id, source, url, listing_id, matched_by, state)"
            " select product_id, 'vinted', %s, %s, 'gtin', %s from core.products",
            (str(number), number, state),
        )
    compact_month(conn, START.date(), today=START.date().replace(month=START.month + 2))

    (found,) = orphans(conn)
    assert (found.source, found.listings) == ("vinted", 2)
    assert found.last_seen_last == page(24 * 60).fetched_at
    assert delete_orphans(conn, "ebay") == 0
    assert delete_orphans(conn, "vinted") == 2
    assert delete_orphans(conn, "vinted") == 0
    assert orphans(conn) == []
    for table in ("core.listings", "core.listing_state", "core.price_history", "core.price_history_months"):
        assert held(conn, table) == {ids[0], ids[1]}, table
    delete_orphan_sellers(conn)
    left = conn.execute("select seller_id from core.sellers order by 1").fetchall()
    assert left == conn.execute("select distinct seller_id from core.listings order by 1").fetchall()
