"""The retail sources against the sandbox: watches, faults and the goods that a test needs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta

import psycopg

from domain.page import PageReading, RawPage
from domain.settings import Settings
from domain.watch import Watch
from sandbox.goods import Good, Offer, State, goods, offer_of
from scrapers.contract import Query
from scrapers.registry import create_source
from tests.sandbox import SEED
from warehouse.watches import add_watch

BOUGHT = frozenset({State.IN_STOCK, State.FEW_LEFT, State.COUPON})


def offer_at(good: Good, shop: str, currency: str, moment: datetime) -> Offer:
    """Return the sandbox's own truth about a thing at a time."""
    return offer_of(good, shop, moment, seed=SEED, currency=currency)


def good_in(state: State, shop: str, currency: str, moment: datetime) -> tuple[Good, datetime]:
    """Return a thing in a state, and the latest day at noon, up to ``moment``, on which it is in it."""
    for days in range(40):
        day = moment - timedelta(days=days)
        for good in goods():
            if offer_at(good, shop, currency, day).state is state:
                return good, day
    raise AssertionError(f"nothing is {state} in forty days")


def good_whose_price_changes(shop: str, currency: str, day: datetime) -> Good:
    """Return a thing that can be bought on a day and the day before, at two prices."""
    before = day - timedelta(days=1)
    for good in goods():
        old, new = offer_at(good, shop, currency, before), offer_at(good, shop, currency, day)
        if old.minor != new.minor and {old.state, new.state} <= BOUGHT:
            return good
    raise AssertionError("no price changes that day")


def late(days_ago: int) -> datetime:
    """Return 23:30 UTC of a past day: within the hour in which the pipeline asks the sandbox for that day."""
    day = datetime.now(UTC).date() - timedelta(days=days_ago)
    return datetime.combine(day, time(23, 30), tzinfo=UTC)


def fetch(
    settings: Settings, source: str, url: str, *, at: datetime | None = None, pages: int = 5
) -> list[tuple[RawPage, PageReading]]:
    """Fetch what an address asks for, each answer with its reading."""

    async def main() -> list[tuple[RawPage, PageReading]]:
        made = create_source(source, settings, market_time=at)
        try:
            parsed = made.parse_search_url(url)
            query = Query(country=parsed.country, params=parsed.params, watch_id=7, max_pages=pages)
            return [(page, made.read(page)) async for page in made.fetch_search(query)]
        finally:
            await made.aclose()

    return asyncio.run(main())


def watch(conn: psycopg.Connection, settings: Settings, source: str, url: str) -> Watch:
    """Add a watch from an address, as the command line does."""
    parsed = create_source(source, settings).parse_search_url(url)
    wanted = Watch(
        watch_id=0,
        owner="owner",
        name=f"{source} watch",
        source=parsed.source,
        url=parsed.canonical_url,
        country=parsed.country,
        currency=parsed.currency,
        params=parsed.params,
    )
    return add_watch(conn, wanted)
