"""A loader to be killed: reads the unread pages of a day and loads them, saying so after each.

Run as ``python -m tests.integration.warehouse.loader URL``. The listings of a page are told by its body alone.
"""

from __future__ import annotations

import sys

import msgspec

from domain.listing import Availability, UnpricedOffer
from domain.page import PageReading, RawPage, RejectedRecord
from tests.integration.warehouse.samples import START, listing, page, reading
from warehouse.connect import connect
from warehouse.load import load_reading
from warehouse.pages import unread_pages

PAGES = 150
PER_PAGE = 40


def script(watch_id: int) -> list[RawPage]:
    """Return the pages to store; neighbours share listings, prices move, some are sold."""
    return [page(minute, watch_id=watch_id, body=str(minute).encode()) for minute in range(PAGES)]


def read(raw: RawPage) -> PageReading:
    """Read such a page."""
    minute = int(raw.body)
    first = minute * PER_PAGE * 9 // 10
    listings = [
        listing(
            number,
            f"{5 + (number + minute) % 3}",
            quantity=(number + minute) % 4,
            availability=Availability.SOLD if (number * 7 + minute) % 11 == 0 else Availability.AVAILABLE,
        )
        for number in range(first, first + PER_PAGE)
    ]
    broken = RejectedRecord(index=minute % 50, reason="price: absent", record=b"{}")
    # Every fifth page shows some that came before without a price.
    unpriced = [
        UnpricedOffer(
            source="vinted",
            external_id=listing(number).external_id,
            url="u",
            title="t",
            reason="no price",
            availability=Availability.OUT_OF_STOCK,
        )
        for number in range(first - 20, first - 15)
        if minute % 5 == 0
    ]
    return msgspec.structs.replace(reading(listings, [broken] if minute % 4 == 0 else []), unpriced=tuple(unpriced))


def main() -> None:
    """Load all that is unread."""
    with connect(sys.argv[1]) as conn:
        sys.stdout.write("connected\n")
        sys.stdout.flush()
        for page_id, raw in unread_pages(conn, "vinted", START.date(), 1):
            load_reading(conn, page_id, raw, read(raw), parser_version=1)
            sys.stdout.write("page\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
