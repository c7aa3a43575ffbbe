"""Things shown without a price: a listing known from before takes their availability, with its last known price.

Belongs here: that rule, in the load's transaction, after the page's listings. Does not: listings with a price
(``load``).

An offer that no older page priced is counted, and kept beside (``ops.unknown_offers``) in case such a page is read yet:
pages of many days are read in any order. Without one there is nothing to compare, and nothing is told of it.

Such an observation is staged like a listing's (``pricescope_load``), with the price and total that were known before
it, so that the history's own rule for late and re-read pages holds for it as well. It makes a row on change only, no
heartbeat: a thing without a price has no price of the day. ``listing_state.is_active`` is false until a page shows a
price again, so that nothing is judged by a price that is no longer asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
import psycopg

from domain.listing import Availability, UnpricedOffer
from warehouse.copy_text import integer_array
from warehouse.history import append_history, correct_history
from warehouse.known import known_listings
from warehouse.late_prices import count_late, show_present
from warehouse.pages import utc_day
from warehouse.partitions import ensure_partitions
from warehouse.payable import PER_MAJOR_UNIT
from warehouse.poison import is_storable_id, storable
from warehouse.sightings import Sightings
from warehouse.staging import empty_staging


def load_unpriced(
    conn: psycopg.Connection,
    values: Mapping[str, Any],
    offers: Sequence[UnpricedOffer],
    *,
    is_counted: bool,
    priced: Collection[str],
    sightings: Sightings,
) -> list[int]:
    """Bring the known listings among ``offers`` to what the page shows of them; return their ids.

    Args:
        conn: in the load's transaction; its staged rows are replaced.
        values: the load's (``source``, ``page_id``, ``at``, ``day``, ``reparse``).
        offers: of two of one thing the last wins.
        is_counted: the page was read before.
        priced: external ids that the same page shows with a price, which has its say.
        sightings: of the page's source, day and time.
    """
    wanted = {
        storable(offer.external_id): str(offer.availability)
        for offer in offers
        if offer.source == values["source"] and offer.external_id not in priced and is_storable_id(offer.external_id)
    }
    if values["reparse"]:
        conn.execute(_FORGET, {**values, "ids": list(wanted)})
    if not wanted:
        return []
    shown = _tell(conn, values, wanted, is_counted=is_counted, sightings=sightings)
    if len(shown) < len(wanted):
        conn.execute(_KEEP_UNKNOWN, {**values, "ids": list(wanted), "states": list(wanted.values())})
    return shown


def _tell(
    conn: psycopg.Connection,
    values: Mapping[str, Any],
    offers: Mapping[str, str],
    *,
    is_counted: bool,
    sightings: Sightings,
) -> list[int]:
    """Bring the known listings among offers (availability by external id) to what their page shows; return our ids."""
    empty_staging(conn)
    conn.execute(_STAGE, {**values, "ids": list(offers), "states": list(offers.values())})
    if is_counted:
        conn.execute(
            "update pricescope_load k set is_counted = true from ops.page_readings r"
            " where r.page_id = %(page_id)s and k.listing_id = any(r.listing_ids)",
            values,
        )
    staged = conn.execute(
        "select listing_id, availability, not is_late and (not is_again or %(reparse)s) from pricescope_load"
        " order by ordinal",
        values,
    ).fetchall()
    if not staged:
        return []
    present = correct_history(conn, values, sightings, is_priced=False)
    append_history(conn, values)
    _hash_anew(conn, {listing_id: availability for listing_id, availability, is_shown in staged if is_shown})
    conn.execute(_UPDATE_STATE, values)
    show_present(conn, present, {})
    count_late(conn, values)
    return [listing_id for listing_id, _, _ in staged]


def tell_of_known(
    conn: psycopg.Connection, values: Mapping[str, Any], external_ids: Collection[str], sightings: Sightings
) -> None:
    """Tell what newer pages showed of these listings while no page priced them, as if they were read only now.

    Args:
        conn: in the load's transaction, its reading kept.
        values: the load's (``source``, ``page_id``, ``at``).
        external_ids: of listings of the page that were not known before, or not of so old a page.
        sightings: of the page's source, day and time.
    """
    if not external_ids:
        return
    found = conn.execute(_NOW_KNOWN, {**values, "ids": list(external_ids)}).fetchall()
    for (fetched_at, page_id), rows in groupby(sorted(found), key=itemgetter(0, 1)):
        day = utc_day(fetched_at)
        ensure_partitions(conn, day, day)
        seen = sightings if sightings.covers(fetched_at) else Sightings(values["source"], fetched_at)
        page = {**values, "page_id": page_id, "at": fetched_at, "day": day, "reparse": False}
        offers = {external_id: availability for *_, external_id, availability in rows}
        shown = _tell(conn, page, offers, is_counted=True, sightings=seen)
        read = conn.execute(_SHOWN_TOO, {"page_id": page_id, "ids": integer_array(shown)}).fetchone()
        if read is not None:
            seen.put(page_id, fetched_at, read[0])


def _hash_anew(conn: psycopg.Connection, availability: Mapping[int, str]) -> None:
    """Keep the hash of what is shown now, so that the page on which it is for sale again counts as a change."""
    hashes = {
        listing_id: msgspec.structs.replace(
            known.listing, availability=Availability(availability[listing_id])
        ).content_hash()
        for listing_id, known in known_listings(conn, list(availability)).items()
    }
    conn.execute(
        "update pricescope_load k set content_hash = n.content_hash"
        " from unnest(%s::bigint[], %s::bytea[]) as n (listing_id, content_hash) where k.listing_id = n.listing_id",
        (list(hashes), list(hashes.values())),
    )


_FORGET = """
delete from ops.unknown_offers
where page_id = %(page_id)s and external_id <> all(%(ids)s::text[])
"""
# Those that were staged are known.
_KEEP_UNKNOWN = """
insert into ops.unknown_offers as u (source, external_id, page_id, fetched_at, availability)
select %(source)s, o.external_id, %(page_id)s, %(at)s, o.availability
from unnest(%(ids)s::text[], %(states)s::text[]) as o (external_id, availability)
where not exists (select from pricescope_load k where k.external_id = o.external_id)
on conflict (page_id, external_id) do update set availability = excluded.availability
where u.availability <> excluded.availability
"""
_NOW_KNOWN = """
delete from ops.unknown_offers
where source = %(source)s and external_id = any(%(ids)s::text[])
  and (fetched_at, page_id) > (%(at)s::timestamptz, %(page_id)s::bigint)
returning fetched_at, page_id, external_id, availability
"""
_SHOWN_TOO = """
update ops.page_readings
set listing_ids = listing_ids || %(ids)s::bigint[], unpriced_ids = unpriced_ids || %(ids)s::bigint[]
where page_id = %(page_id)s
returning listing_ids
"""
# A late or re-read page shows the price known before it; where none was, a late one has nothing to tell.
_STAGE = """
insert into pricescope_load (ordinal, external_id, content_hash, price_minor, total_minor, currency, availability,
    listing_id, is_new, is_late, is_again, price_moved, value_moved, new_day, is_counted)
select o.ordinal, o.external_id, s.content_hash,
       case when p.observed_at is null then s.price_minor else p.price_minor end,
       case when p.observed_at is null then s.total_minor else p.total_minor end,
       coalesce(p.currency, s.currency), o.availability, l.listing_id, false, age.is_late, age.is_again, false,
       o.availability <> s.availability, false, false
from unnest(%(ids)s::text[], %(states)s::text[]) with ordinality as o (external_id, availability, ordinal)
cross join lateral (
    select listing_id from core.listing_details where source = %(source)s and external_id = o.external_id limit 1
) l
cross join lateral (select * from core.listing_state where listing_id = l.listing_id limit 1) s
cross join lateral (
    select (s.last_seen_at, s.last_page_id) > (%(at)s::timestamptz, %(page_id)s::bigint) as is_late,
           s.last_page_id = %(page_id)s as is_again
) age
left join lateral (
    select * from core.price_history h
    where h.listing_id = l.listing_id and h.observed_at < %(at)s and (age.is_late or age.is_again)
    order by h.observed_at desc limit 1
) p on true
where not age.is_late or p.observed_at is not null
"""
_UNIT = PER_MAJOR_UNIT.replace("s.currency", "k.currency")
_UPDATE_STATE = f"""
update core.listing_state s
set content_hash = k.content_hash, price_minor = k.price_minor, total_minor = k.total_minor, currency = k.currency,
    price = case when (k.price_minor, k.currency) = (s.price_minor, s.currency) then s.price
                 else k.price_minor / {_UNIT} end,
    total_price = case when (k.total_minor, k.currency) is not distinct from (s.total_minor, s.currency)
                       then s.total_price else k.total_minor / {_UNIT} end,
    availability = k.availability, is_active = false, last_seen_at = %(at)s, last_page_id = %(page_id)s,
    checks = s.checks + (not k.is_counted)::int,
    last_changed_at = case when k.value_moved and not k.is_again then %(at)s else s.last_changed_at end
from pricescope_load k
where s.listing_id = k.listing_id and not k.is_late and (not k.is_again or %(reparse)s)
"""
