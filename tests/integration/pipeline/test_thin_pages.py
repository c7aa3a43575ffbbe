"""A search row and an item page of one listing, in turn: two views of the same offer, not a change of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
import psycopg
import pytest

from domain.page import RawPage
from domain.settings import Settings
from pipeline.judge import judge_pending
from pipeline.poll import utc_now
from sandbox.server import SandboxServer
from scrapers.contract import Query
from scrapers.vinted import VintedSource
from scrapers.vinted.reading import PARSER_VERSION, read_page
from tests.sandbox import add_watch
from tests.unit.scrapers import pages
from warehouse.load import load_reading
from warehouse.pages import store_page
from warehouse.readings import LoadResult

pytestmark = pytest.mark.integration


def _load(conn: psycopg.Connection, page: RawPage, minutes: int, *, watch_id: int | None = None) -> LoadResult:
    moved = msgspec.structs.replace(page, fetched_at=page.fetched_at + timedelta(minutes=minutes), watch_id=watch_id)
    return load_reading(conn, store_page(conn, moved), moved, read_page(moved), parser_version=PARSER_VERSION)


def _fetch(settings: Settings, at: datetime, count: int) -> tuple[RawPage, Sequence[RawPage]]:
    """Fetch a page of a search and the item pages of its first listings, all of one moment of the market."""

    async def main() -> tuple[RawPage, Sequence[RawPage]]:
        async with VintedSource(settings, market_time=at) as source:
            query = Query(country="fr", params={"search_text": "levi's 501"}, max_pages=1)
            found = [page async for page in source.fetch_search(query)][-1]
            ids = [one.external_id for one in source.read(found).listings[:count]]
            return found, [await source.fetch_item(one, "fr") for one in ids]

    return asyncio.run(main())


def test_search_rows_and_item_pages_of_the_sandbox_in_turn_change_nothing_and_tell_nobody(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer
) -> None:
    assert market.url
    at = utc_now().replace(hour=12, minute=0) - timedelta(days=1)
    rows, item_pages = _fetch(settings, at, 5)
    watch = add_watch(
        conn, settings, "https://www.vinted.fr/catalog?search_text=levi%27s+501", "jeans", max_price=Decimal("25")
    )
    _load(conn, rows, 0, watch_id=watch.watch_id)
    judge_pending(conn, settings, source="vinted", run_id="r", now=utc_now)
    prices = conn.execute("select listing_id, price_minor, total_minor from core.listing_state order by 1").fetchall()
    assert all(total > price for _, price, total in prices)

    assert sum(_load(conn, page, 5).changed for page in item_pages) == 5, "descriptions, colours and categories are new"
    for minutes in (10, 15, 20, 25):
        shown = [rows] if minutes % 10 == 0 else item_pages
        assert [_load(conn, page, minutes).changed for page in shown] == [0] * len(shown)
        judged = judge_pending(conn, settings, source="vinted", run_id="r", now=utc_now)
        assert (judged.judged, judged.deals) == (0, 0)
    after = conn.execute("select listing_id, price_minor, total_minor from core.listing_state order by 1").fetchall()
    assert after == prices
    assert conn.execute("select count(*) from core.price_history").fetchone() == (len(prices),)
    described = conn.execute(
        "select count(*) from core.listings where not (description is null or size is null or seller_id is null)"
    ).fetchone()
    assert described == (5,)


def test_the_really_recorded_item_page_keeps_what_a_search_row_told_of_its_listing(conn: psycopg.Connection) -> None:
    recorded = pages.recorded(pages.ITEM_HTML)
    (item,) = read_page(recorded).listings
    assert (item.total_price, item.seller, item.size) == (None, None, None)
    total = item.price + (Decimal("0.70") + item.price * Decimal("0.05")).quantize(Decimal("0.01"))
    row = pages.thin_item(
        id=int(item.external_id),
        title=item.title,
        price={"amount": str(item.price), "currency_code": item.currency},
        service_fee=None,
        total_item_price={"amount": str(total), "currency_code": item.currency},
        item_box={"first_line": item.brand, "second_line": "W32 · Heel goed", "accessibility_label": None},
    )
    search = pages.page(pages.search_body(row), url="https://www.vinted.nl/catalog")
    changes = [_load(conn, (search, recorded)[check % 2], check * 5).changed for check in range(6)]
    assert changes[2:] == [0, 0, 0, 0]
    assert conn.execute(
        "select l.total_price, l.size, l.condition, l.description is not null, s.login"
        " from core.listings l join core.sellers s using (seller_id)"
    ).fetchone() == (total, "W32", "very_good", True, "someone")
