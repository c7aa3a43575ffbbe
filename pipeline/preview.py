"""What a search would extract now: one page fetched and read, nothing stored."""

from __future__ import annotations

import asyncio

from domain.page import PageMeaning, PageReading
from domain.settings import Settings
from scrapers.contract import ParsedSearch, Query
from scrapers.registry import create_source


def preview_watch(settings: Settings, parsed: ParsedSearch) -> PageReading:
    """Fetch the first page of a search and read it; the last answer where the first ones refuse."""
    return asyncio.run(_preview(settings, parsed))


async def _preview(settings: Settings, parsed: ParsedSearch) -> PageReading:
    source = create_source(parsed.source, settings)
    reading = PageReading(meaning=PageMeaning.EMPTY, detail="the source gave no page")
    try:
        async for page in source.fetch_search(Query(country=parsed.country, params=parsed.params, max_pages=1)):
            reading = source.read(page)
    finally:
        await source.aclose()
    return reading
