"""Makes stored pages of the retail sources for the parser tests."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from datetime import UTC, datetime

from domain.listing import Listing, UnpricedOffer
from domain.page import PageMeaning, PageReading, RawPage
from tests.fixtures import fixture_path

NOON = datetime(2026, 9, 20, 12, 0, tzinfo=UTC)
REAL_ADDRESS = {
    "amazon": "https://www.amazon.de/dp/B000000000",
    "allegro": "https://allegro.pl/oferta/10000000001",
    "empik": "https://www.empik.com/a,p1000000001,agd-p",
}


def unguarded(source: str) -> Callable[[RawPage], PageReading]:
    """Return a source's reader without the last-resort guard around it, which must not be what saves a test."""
    reader: Callable[[RawPage], PageReading] = importlib.import_module(f"scrapers.{source}.reading").read_page
    return inspect.unwrap(reader)


def recorded(source: str, name: str, url: str | None = None) -> RawPage:
    module = importlib.import_module(f"scrapers.{source}.recorded")
    page: RawPage = module.recorded_page(fixture_path(source, name).read_bytes(), url=url, fetched_at=NOON)
    return page


def page(source: str, body: bytes | str, *, url: str | None = None, status: int = 200) -> RawPage:
    raw = body.encode() if isinstance(body, str) else body
    return RawPage(
        source=source, url=url or REAL_ADDRESS[source], status=status, content_type="", body=raw, fetched_at=NOON
    )


def read(source: str, body: bytes | str, *, url: str | None = None, status: int = 200) -> PageReading:
    return unguarded(source)(page(source, body, url=url, status=status))


def read_recorded(source: str, name: str, url: str | None = None) -> PageReading:
    return unguarded(source)(recorded(source, name, url))


def only_listing(reading: PageReading) -> Listing:
    assert reading.meaning is PageMeaning.OK
    assert (len(reading.listings), reading.unpriced, reading.rejected) == (1, (), ())
    return reading.listings[0]


def only_unpriced(reading: PageReading) -> UnpricedOffer:
    assert reading.meaning is PageMeaning.OK
    assert (reading.listings, len(reading.unpriced), reading.rejected) == ((), 1, ())
    return reading.unpriced[0]
