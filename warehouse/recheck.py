"""Records that say what is known already: most of what a poll brings.

Belongs here: telling them apart by key and content hash alone, and their heartbeat. Does not: what is new, changed,
late or told before (``newer``, ``staged``).

One statement looks all records of a page up, and for the unchanged touches the narrow ``core.listing_state``, and once
a day ``core.price_history``. The wide row is not read: the key's index carries the listing's id. Works in the load's
transaction, when the source's turn has been taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import psycopg

from domain.listing import Listing
from warehouse.copy_text import binary_array, plain_array, quoted_array

_INT32_MAX = 2**31 - 1


class Record(NamedTuple):
    """A listing of the page at its place, and its own hash; None where it has none (it cannot be stored)."""

    place: int
    listing: Listing
    content_hash: bytes | None


class Checked(NamedTuple):
    """A record that needs a closer look; ``listing_id`` is the known one's, or that which a new listing is to have."""

    record: Record
    listing_id: int
    is_new: bool


class Newer(NamedTuple):
    """A record of a known listing that says something else, on a page newer than all that was seen of it."""

    record: Record
    listing_id: int


class Known(NamedTuple):
    """What the records of a page are to the warehouse.

    Attributes:
        unchanged: place on the page and listing id; their heartbeat is written.
        first_of_day: of these, the listings' first of the UTC day: their sellers are due.
        newer: of known listings.
        others: new, or to be looked at.
    """

    unchanged: list[tuple[int, int]]
    first_of_day: list[Record]
    newer: list[Newer]
    others: list[Checked]


def numbered(listings: Iterable[Listing], taken: Mapping[int, object]) -> list[Record]:
    """Give each listing its place on the page; places in ``taken`` belong to records that were refused."""
    records = []
    place = -1
    for listing in listings:
        place += 1
        while place in taken:
            place += 1
        try:
            content_hash = listing.content_hash()
        # A parser's slip: an amount that is no number, half a character.
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            content_hash = None
        records.append(Record(place, listing, content_hash))
    return records


class Asked(NamedTuple):
    """The records of a page as they are to be asked for, made without a database.

    Attributes:
        arrays: literals of PostgreSQL arrays with an element a record of ``records``, by the names in ``_CHECK``.
        rest: records shown twice on the page, or with a key or counter that only a closer look can judge.
    """

    records: list[Record]
    arrays: dict[str, str]
    rest: list[Record]


def ask(records: Sequence[Record]) -> Asked:
    """Sort out which records can be asked for by key and hash."""
    times = Counter(record.listing.external_id for record in records)
    plain = [record for record in records if times[record.listing.external_id] == 1 and _is_plain(record)]
    taken = {record.place for record in plain}
    listings = [record.listing for record in plain]
    return Asked(
        plain,
        {
            "keys": quoted_array([one.external_id for one in listings]),
            "hashes": binary_array([record.content_hash or b"" for record in plain]),
            "favourites": plain_array([one.favourite_count for one in listings]),
            "views": plain_array([one.view_count for one in listings]),
            "pieces": plain_array([one.quantity for one in listings]),
        },
        [record for record in records if record.place not in taken],
    )


def check(conn: psycopg.Connection, values: Mapping[str, Any], asked: Asked) -> Known:
    """Look the records up and write the heartbeat of the unchanged.

    Args:
        conn: in the load's transaction.
        values: the load's (``source``, ``page_id``, ``at``, ``day``).
        asked: of a page that has not been read before.
    """
    if not asked.records:
        return Known([], [], [], [])
    ids, codes = conn.execute(_CHECK, {**values, **asked.arrays}).fetchone() or ([], "")
    result = Known([], [], [], [])
    for record, listing_id, code in zip(asked.records, ids, codes, strict=True):
        if code == "u":
            result.unchanged.append((record.place, listing_id))
        elif code == "d":
            result.unchanged.append((record.place, listing_id))
            result.first_of_day.append(record)
        elif code == "c":
            result.newer.append(Newer(record, listing_id))
        else:
            result.others.append(Checked(record, listing_id, code == "n"))
    return result


def _is_plain(record: Record) -> bool:
    _, listing, content_hash = record
    key = listing.external_id
    if content_hash is None or not key or not key.isascii() or not key.isprintable() or len(key) > 200:
        return False
    for count in (listing.favourite_count, listing.view_count, listing.quantity):
        if count is not None and not 0 <= count <= _INT32_MAX:
            return False
    return True


# The limits keep these look-ups by the whole key.
_CHECK = """
with seen as materialized (
    select k.ordinal, k.favourite_count, k.view_count, l.listing_id, s.place, s.price_minor, s.total_minor, s.currency,
           s.availability, s.last_seen_at < %(day)s::timestamp at time zone 'UTC' as is_new_day,
           (s.last_seen_at, s.last_page_id) < (%(at)s::timestamptz, %(page_id)s::bigint) as is_newer,
           coalesce(s.content_hash = k.content_hash and s.is_active and not s.has_carried
                    and (s.last_seen_at, s.last_page_id) < (%(at)s::timestamptz, %(page_id)s::bigint)
                    and (k.quantity is null or k.quantity = s.quantity), false) as is_unchanged
    from unnest(%(keys)s::text[], %(hashes)s::bytea[], %(favourites)s::int[], %(views)s::int[], %(pieces)s::int[])
        with ordinality as k (external_id, content_hash, favourite_count, view_count, quantity, ordinal)
    left join lateral (
        select listing_id from core.listing_details where source = %(source)s and external_id = k.external_id limit 1
    ) l on true
    left join lateral (
        select ctid as place, * from core.listing_state where listing_id = l.listing_id limit 1
    ) s on true
),
beats as (
    update core.listing_state s
    set last_seen_at = %(at)s, last_page_id = %(page_id)s, checks = s.checks + 1,
        favourite_count = coalesce(seen.favourite_count, s.favourite_count),
        view_count = coalesce(seen.view_count, s.view_count)
    from seen
    where s.ctid = seen.place and seen.is_unchanged
),
first_of_day as (
    insert into core.price_history (listing_id, observed_at, price_minor, total_minor, currency, availability)
    select listing_id, %(at)s, price_minor, total_minor, currency, availability
    from seen where is_unchanged and is_new_day and price_minor > 0
)
select array_agg(listing_id order by ordinal), string_agg(code, '' order by ordinal)
from (
    select ordinal, coalesce(listing_id, nextval('core.listing_details_listing_id_seq')) as listing_id,
           case when listing_id is null then 'n' when is_unchanged and is_new_day then 'd' when is_unchanged then 'u'
                when is_newer then 'c' else 'o' end as code
    from seen
) told
"""
