"""What a load changed in listings and history: a snapshot before, compared with what is there after.

Belongs here: SQL within one transaction, which its caller keeps or takes back. Does not: reading pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg

from warehouse.copy_text import integer_array

# Written by every load, whatever it found.
_NOT_SHOWN = ["last_page_id", "last_changed_at", "seller_id"]


class FieldChange(msgspec.Struct, frozen=True):
    """One field of one listing, before and after, as JSON values."""

    listing_id: int
    url: str
    field: str
    before: Any
    after: Any


class LoadDiff(msgspec.Struct, kw_only=True):
    """What changed.

    Attributes:
        new_listings: the marketplace's ids: ours are others when the load is taken back and tried again.
        changes: of listings that were known before, and of their availability now.
        history_added, history_removed, history_changed: rows of the price history.
    """

    new_listings: list[str] = msgspec.field(default_factory=list)
    changes: list[FieldChange] = msgspec.field(default_factory=list)
    history_added: int = 0
    history_removed: int = 0
    history_changed: int = 0


def begin_diff(conn: psycopg.Connection, source: str, page_ids: Sequence[int]) -> None:
    """Remember what is known of the listings that these pages showed; in the transaction to be compared."""
    conn.execute("drop table if exists pricescope_before_listings, pricescope_before_history, pricescope_before_ids")
    conn.execute(
        "create temp table pricescope_before_ids on commit drop as"
        " select distinct id as listing_id from ops.page_readings r, unnest(r.listing_ids) as id"
        " where r.source = %s and r.page_id = any(%s::bigint[])",
        (source, integer_array(page_ids)),
    )
    conn.execute("analyze pricescope_before_ids")
    conn.execute(f"create temp table pricescope_before_listings on commit drop as {_LISTINGS}", {"hidden": _NOT_SHOWN})
    conn.execute(f"create temp table pricescope_before_history on commit drop as {_HISTORY}")
    conn.execute("analyze pricescope_before_listings, pricescope_before_history")


def end_diff(conn: psycopg.Connection, listing_ids: Sequence[int]) -> LoadDiff:
    """Compare with what was remembered; ``listing_ids`` are those that the load touched."""
    conn.execute(
        "insert into pricescope_before_ids select unnest(%s::bigint[]) except select listing_id"
        " from pricescope_before_ids",
        (integer_array(listing_ids),),
    )
    conn.execute("analyze pricescope_before_ids")
    diff = LoadDiff()
    values = {"hidden": _NOT_SHOWN}
    for listing_id, external_id, url, field, before, after, is_new in conn.execute(_CHANGED_FIELDS, values).fetchall():
        if is_new:
            diff.new_listings.append(external_id)
        else:
            diff.changes.append(FieldChange(listing_id, url, field, before, after))
    diff.history_added, diff.history_removed, diff.history_changed = conn.execute(_CHANGED_HISTORY).fetchone() or (
        0,
        0,
        0,
    )
    return diff


_LISTINGS = """
select l.listing_id, to_jsonb(l) - %(hidden)s::text[] || jsonb_build_object('availability', s.availability) as shown
from pricescope_before_ids i join core.listings l using (listing_id) join core.listing_state s using (listing_id)
"""
_HISTORY = """
select h.* from pricescope_before_ids i join core.price_history h using (listing_id)
"""
_CHANGED_FIELDS = f"""
select a.listing_id, a.shown ->> 'external_id', a.shown ->> 'url', f.key, b.shown -> f.key, a.shown -> f.key,
       b.listing_id is null
from ({_LISTINGS}) a
left join pricescope_before_listings b using (listing_id)
cross join lateral (
    -- Nearly all are as before, and are not taken apart.
    select key from jsonb_object_keys(case when a.shown = b.shown then '{{}}' else a.shown end) key
    where b.listing_id is not null and a.shown -> key is distinct from b.shown -> key
    union all
    select '' where b.listing_id is null
) f
order by 1, 4
"""
_CHANGED_HISTORY = f"""
select count(*) filter (where b.listing_id is null), count(*) filter (where a.listing_id is null),
       count(*) filter (where (a.price_minor, a.total_minor, a.currency, a.availability)
           is distinct from (b.price_minor, b.total_minor, b.currency, b.availability)
           and a.listing_id is not null and b.listing_id is not null)
from ({_HISTORY}) a full join pricescope_before_history b using (listing_id, observed_at)
"""
