"""A watch's wishes about words, sellers and countries, on what is found and on what was found before."""

from __future__ import annotations

import psycopg
import pytest

from domain.listing import Listing, Seller
from domain.watch import Watch
from tests.integration.warehouse.samples import START, listing, page, store_and_load
from warehouse.links import link_listings
from warehouse.watches import add_watch, update_watch

pytestmark = pytest.mark.integration


def _watch(conn: psycopg.Connection, **wishes: object) -> Watch:
    fields: dict[str, object] = {
        "watch_id": 0,
        "owner": "owner",
        "name": "coats",
        "source": "vinted",
        "url": "u",
        "country": "fr",
        "currency": "EUR",
        "params": {},
    }
    return add_watch(conn, Watch(**{**fields, **wishes}))  # type: ignore[arg-type]  # tests choose the fields


def _found() -> list[Listing]:
    return [
        listing(1, country="PL", seller=Seller(external_id="p", login="Anna", is_business=False)),
        listing(2, country="DE", seller=Seller(external_id="b", login="Shop", is_business=True)),
        listing(3, country=None, seller=None),
    ]


def _left_out(conn: psycopg.Connection) -> list[str]:
    rows = conn.execute(
        "select title from app.watch_listings join core.listings using (listing_id) where is_blacklisted order by 1"
    )
    return [title for (title,) in rows.fetchall()]


_WISHES = [
    ({"seller_countries": ("PL",)}, ["Coat 2"]),
    ({"excluded_sellers": ("anna",)}, ["Coat 1"]),
    ({"personal_sellers_only": True}, ["Coat 2"]),
    ({"blacklist": ("coat 3",), "excluded_sellers": ("b",)}, ["Coat 2", "Coat 3"]),
    ({}, []),
]


@pytest.mark.parametrize(("wishes", "expected"), _WISHES)
def test_a_polled_page_an_import_and_a_later_edit_leave_out_the_same(
    wishes: dict[str, object], expected: list[str], conn: psycopg.Connection
) -> None:
    polled = _watch(conn, **wishes)
    store_and_load(conn, page(watch_id=polled.watch_id), _found())
    assert _left_out(conn) == expected

    conn.execute("delete from app.watches")
    imported = _watch(conn, **wishes)
    link_listings(conn, imported, _found(), seen_at=START)
    assert _left_out(conn) == expected

    conn.execute("delete from app.watches")
    edited = _watch(conn)
    link_listings(conn, edited, _found(), seen_at=START)
    assert _left_out(conn) == []
    update_watch(conn, edited.watch_id, **wishes)
    assert _left_out(conn) == expected
    update_watch(
        conn, edited.watch_id, blacklist=(), seller_countries=(), excluded_sellers=(), personal_sellers_only=False
    )
    assert _left_out(conn) == []
