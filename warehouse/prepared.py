"""What of a load needs no database: a page's records numbered, hashed and put into arrays.

Belongs here: that, so that it can be done while the page before is loaded. Does not: what the records are to the
warehouse (``recheck``).
"""

from __future__ import annotations

import msgspec

from domain.page import PageReading
from warehouse.ahead import give_way
from warehouse.poison import refusal, storable
from warehouse.quarantine import Rejected
from warehouse.recheck import Asked, ask, numbered


class Prepared(msgspec.Struct, frozen=True):
    """A page's records, numbered and hashed: what a load can do before it has the database's attention.

    Attributes:
        fit: places of records that are known to be storable; those of the others are looked at where it matters.
    """

    rejected: dict[int, Rejected]
    asked: Asked
    fit: frozenset[int] = frozenset()


def prepare(reading: PageReading, *, ahead: bool = False, source: str | None = None) -> Prepared:
    """Do what of a load needs no database.

    Args:
        reading: of a page.
        ahead: another thread does, while the page before is loaded.
        source: look also which records can be stored, as records of this source; worth it where most are new.
    """
    rejected: dict[int, Rejected] = {}
    for record in reading.rejected:
        index = record.index
        while index in rejected:  # a parser's slip in numbering must not lose a record
            index += 1
        rejected[index] = Rejected(index, storable(record.reason), record.record[: 64 * 1024])
    listings = give_way(reading.listings) if ahead else reading.listings
    asked = ask(numbered(listings, rejected))
    if source is None:
        return Prepared(rejected, asked)
    records = give_way(asked.records) if ahead else asked.records
    return Prepared(rejected, asked, frozenset(one.place for one in records if refusal(one.listing, source) is None))
