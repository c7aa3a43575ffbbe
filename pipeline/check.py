"""Check one listing against a watch's rules now: its page is fetched and kept like any other, nothing is alerted.

Belongs here: fetching, reading and judging one listing. Does not: the rules, and what was judged before (``judge``).
"""

from __future__ import annotations

import asyncio

import psycopg

from domain.page import PageMeaning, RawPage
from domain.settings import Settings
from domain.watch import Watch
from ml.rules import overall
from pipeline.judge import explain
from pipeline.kinds import kind_teller
from scrapers.contract import ItemSource
from scrapers.registry import create_source
from warehouse import baselines
from warehouse.links import link_listings
from warehouse.load import load_reading
from warehouse.pages import store_page


class CheckError(Exception):
    """The listing cannot be checked; the message says why."""


def check_listing(conn: psycopg.Connection, settings: Settings, watch: Watch, url: str) -> int:
    """Fetch a listing's page, keep and read it, link it to the watch and note its verdict; return its id.

    The verdict is noted as given, so that the next poll does not alert what its owner has just looked at.

    Raises:
        CheckError: where the address is none of the watch's source, or the page is gone, refused or unreadable.
    """
    source = create_source(watch.source, settings)
    if not isinstance(source, ItemSource):
        raise CheckError(f"{watch.source} cannot be asked for one listing")
    try:
        item_id, country = source.parse_item_url(url, watch.country)
    except ValueError as error:
        raise CheckError(str(error)) from None
    page = asyncio.run(_fetch(source, item_id, country))
    reading = source.read(page)
    with conn.transaction():
        page_id = store_page(conn, page, origin="fetch" if settings.sandbox_url is None else "sandbox")
        loaded = load_reading(
            conn, page_id, page, reading, parser_version=source.parser_version, tell_kind=kind_teller(settings)
        )
        if reading.meaning is PageMeaning.OK and reading.listings:
            link_listings(conn, watch, reading.listings, seen_at=page.fetched_at)
    if reading.meaning is not PageMeaning.OK or not reading.listings or not loaded.listing_ids:
        refused = [record.reason for record in reading.rejected] + [offer.reason for offer in reading.unpriced]
        reason = reading.detail or "; ".join(refused)
        raise CheckError(f"the page is {reading.meaning}: {reason}")
    found = explain(conn, watch, loaded.listing_ids[0])
    if found is not None:
        baselines.mark_judged(conn, [baselines.judged(found[0].candidate, overall(found[0].verdicts))])
    return loaded.listing_ids[0]


async def _fetch(source: ItemSource, item_id: str, country: str) -> RawPage:
    try:
        return await source.fetch_item(item_id, country)
    finally:
        await source.aclose()
