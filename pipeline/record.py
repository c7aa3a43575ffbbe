"""Fetch pages as a poll would and keep them as files: samples to work on parsers with, without a database.

Belongs here: what is fetched for a wish, in which order. Does not: how files look (``pipeline.recordings``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from domain.page import PageReading, RawPage
from domain.settings import Settings
from pipeline.recordings import write_recording
from scrapers.contract import ItemSource, Query, SearchUrlError, Source
from scrapers.registry import create_source


class NotRecordableError(Exception):
    """A wish cannot be fetched; the message says why."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One page that was written."""

    path: Path
    page: RawPage
    reading: PageReading


Wish = str | Query
"""What to fetch: an address as a user pastes it, or a watch's search."""


def record(
    settings: Settings,
    source_name: str,
    wishes: list[Wish],
    folder: Path,
    *,
    pages: int,
    tell: Callable[[Recorded], None],
) -> int:
    """Fetch every wish and write each answer, refusals included; return how many files of pages were written.

    Args:
        wishes: addresses of searches or of single things, or the searches of watches.
        pages: how many pages of a search at most.
        tell: called after each file is written.

    Raises:
        NotRecordableError: where the source is not configured or an address is not understood; before anything is sent.
        OSError: where the folder cannot be written.
    """
    return asyncio.run(_record(settings, source_name, wishes, folder, pages=pages, tell=tell))


async def _record(
    settings: Settings,
    source_name: str,
    wishes: list[Wish],
    folder: Path,
    *,
    pages: int,
    tell: Callable[[Recorded], None],
) -> int:
    source = create_source(source_name, settings)
    written = 0
    try:
        if source.missing_configuration is not None:
            raise NotRecordableError(source.missing_configuration)
        for fetched in [_fetching(source, wish, pages) for wish in wishes]:
            async for page in fetched:
                recorded = Recorded(path=write_recording(folder, page), page=page, reading=source.read(page))
                written += 1
                tell(recorded)
    finally:
        await source.aclose()
    return written


def _fetching(source: Source, wish: Wish, pages: int) -> AsyncIterator[RawPage]:
    if isinstance(wish, Query):
        return source.fetch_search(msgspec.structs.replace(wish, max_pages=pages))
    try:
        parsed = source.parse_search_url(wish)
    except SearchUrlError as error:
        return _one_page(source, wish, error)
    return source.fetch_search(Query(country=parsed.country, params=parsed.params, max_pages=pages))


def _one_page(source: Source, url: str, no_search: SearchUrlError) -> AsyncIterator[RawPage]:
    if not isinstance(source, ItemSource):
        raise NotRecordableError(str(no_search)) from None
    try:
        item_id, country = source.parse_item_url(url, "")
    except ValueError as error:
        raise NotRecordableError(f"neither a search ({no_search}) nor a single thing ({error})") from None

    async def fetched() -> AsyncIterator[RawPage]:
        yield await source.fetch_item(item_id, country)

    return fetched()
