"""The price history: which observations make a row of ``core.price_history``.

The rule: an observation of a listing makes a row when its price, total, currency or availability differs from the
observation before it, or when it is the first of its UTC day (the heartbeat). The other observations are not lost:
``ops.page_readings.listing_ids`` says which pages showed which listings, and their values are those of the row before.
So the history is a function of the set of pages read, whatever the order in which they arrived. A price of nothing
makes no row; one that cannot be meant waits for review (``reviews``).

A page that does not state a listing's total leaves a thin observation of it (``ops.page_readings.thin_ids``): its
total is told by the observation before it (see completion). One that shows no price at all (``unpriced_ids``) is told
price and total so. So a late page may change the totals and prices of those after it (``unsaid``).

All functions work on the staged rows of the load (``pricescope_load``) and belong to its transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from warehouse.compaction import expand_month
from warehouse.copy_text import integer_array, plain_array
from warehouse.sightings import Sightings
from warehouse.unsaid import CAN_ENTER, EARLIER_WITHOUT_PRICE, Present, followed_by_unsaid, tell_anew


def append_history(conn: psycopg.Connection, values: Mapping[str, Any]) -> None:
    """Add the rows of a page that is the newest of its listings: the state before it decides, no history is read."""
    conn.execute(
        """
        insert into core.price_history as h (listing_id, observed_at, price_minor, total_minor, currency, availability)
        select listing_id, %(at)s, price_minor, total_minor, currency, availability
        from pricescope_load
        where not is_late and not is_again and (value_moved or new_day) and price_minor > 0
        on conflict (listing_id, observed_at) do update
        set price_minor = excluded.price_minor, total_minor = excluded.total_minor, currency = excluded.currency,
            availability = excluded.availability
        """,
        values,
    )


def correct_history(
    conn: psycopg.Connection, values: Mapping[str, Any], sightings: Sightings, *, is_priced: bool = True
) -> dict[int, Present]:
    """Put the observations of a late or re-read page into the history as if they had come in time.

    Besides the row itself, the observation after it may need a row that it did not need before (the price went back),
    or need its row no longer (it only repeats this one).

    Args:
        conn: in the load's transaction.
        values: the load's.
        sightings: of the page's source, day and time.
        is_priced: the page states the prices; without one there is no heartbeat.

    Returns:
        What the listings cost now whose observations after the page leave at least the total unsaid.
    """
    values = {**values, "is_priced": is_priced}
    if conn.execute(_DIFFERS, values).fetchone() == (False,):
        return {}
    expand_month(conn, values["day"])
    walked = followed_by_unsaid(conn, values)
    present = {}
    for listing_id in walked:
        found = tell_anew(conn, {**values, "listing_id": listing_id})
        if found is not None:
            present[listing_id] = found
    _correct_stated(conn, values, sightings, walked)
    return present


def _correct_stated(
    conn: psycopg.Connection, values: Mapping[str, Any], sightings: Sightings, walked: Sequence[int]
) -> None:
    """Correct the history of the staged listings that observations follow which say price and total themselves."""
    at, page_id = values["at"], values["page_id"]
    ids = [row[0] for row in conn.execute(_TO_CORRECT, {**values, "walked": list(walked)}).fetchall()]
    if not ids:
        return
    sightings.ask(conn, ids)
    ids = [one for one in ids if not sightings.is_overruled(one, at, page_id)]
    next_times = [sightings.after(one, at) for one in ids]
    conn.execute(_CORRECT, {**values, "ids": integer_array(ids), "next_times": plain_array(next_times)})


# A page read again that says what the history tells already, and shows a price or none as before, needs none of what
# follows: nearly all of a backfill.
_DIFFERS = """
select exists (
    select from pricescope_load k
    left join lateral (
        select * from core.price_history h
        where h.listing_id = k.listing_id and h.observed_at <= %(at)s order by h.observed_at desc limit 1
    ) h on true
    where (k.is_late and not k.is_counted)
       or (%(reparse)s and (k.is_late or k.is_again)
           and ((k.price_minor, k.total_minor, k.currency, k.availability)
                    is distinct from (h.price_minor, h.total_minor, h.currency, h.availability)
                or exists (select from ops.page_readings r
                           where r.page_id = %(page_id)s
                             and k.listing_id = any(r.listing_ids)
                             and (k.listing_id = any(r.unpriced_ids)) = %(is_priced)s)))
)
"""
_TO_CORRECT = f"""
select k.listing_id
from pricescope_load k
where ((k.is_late and (not k.is_counted or %(reparse)s)) or (k.is_again and %(reparse)s))
  and k.listing_id <> all(%(walked)s) and {CAN_ENTER}
"""
# observed: this page's (t, v), and when the listing was seen next on the day: an observation of a price that has no row
# has one before it on its own day. p, n: the history rows around t; h: the row at t; u: the first observation after t
# that has no row of its own, so that its value is the one in effect before the correction (h, else p). without_price:
# seen earlier on the day by a page that showed no price, so that this is no heartbeat.
_CORRECT = f"""
with without_price as (
    select distinct unnest(r.unpriced_ids)
    {EARLIER_WITHOUT_PRICE}
),
observed as (
    select k.listing_id, k.price_minor, k.total_minor, k.currency, k.availability, s.next_at
    from unnest(%(ids)s::bigint[], %(next_times)s::timestamptz[]) as s (listing_id, next_at)
    join pricescope_load k on k.listing_id = s.listing_id
),
around as (
    select o.*,
           (o.price_minor, o.total_minor, o.currency, o.availability)
               is distinct from (p.price_minor, p.total_minor, p.currency, p.availability) as differs_before,
           p.observed_at as p_at, h.observed_at as h_at, n.observed_at as n_at,
           coalesce(h.observed_at, p.observed_at) as effective_at,
           (o.price_minor, o.total_minor, o.currency, o.availability)
               is not distinct from (n.price_minor, n.total_minor, n.currency, n.availability) as same_after,
           case when h.observed_at is null then p.price_minor else h.price_minor end as w_price,
           case when h.observed_at is null then p.total_minor else h.total_minor end as w_total,
           case when h.observed_at is null then p.currency else h.currency end as w_currency,
           case when h.observed_at is null then p.availability else h.availability end as w_availability
    from observed o
    left join core.price_history h on h.listing_id = o.listing_id and h.observed_at = %(at)s
    left join lateral (
        select * from core.price_history b where b.listing_id = o.listing_id and b.observed_at < %(at)s
        order by b.observed_at desc limit 1
    ) p on true
    left join lateral (
        select * from core.price_history a where a.listing_id = o.listing_id and a.observed_at > %(at)s
        order by a.observed_at limit 1
    ) n on true
),
compared as (
    select a.*,
           case when a.next_at < coalesce(a.n_at, 'infinity') then a.next_at end as u_at,
           a.p_at is null or a.differs_before
               or (%(is_priced)s and (a.p_at at time zone 'UTC')::date < %(day)s
                   and a.listing_id not in (select * from without_price)) as is_needed,
           (a.price_minor, a.total_minor, a.currency, a.availability)
               is distinct from (a.w_price, a.w_total, a.w_currency, a.w_availability) as differs_now
    from around a
),
dropped as (
    delete from core.price_history h
    using compared a
    where h.listing_id = a.listing_id
      and ((h.observed_at = %(at)s and not a.is_needed)
           or (h.observed_at = a.n_at and a.u_at is null and a.same_after
               and (a.n_at at time zone 'UTC')::date = %(day)s))
)
insert into core.price_history as h (listing_id, observed_at, price_minor, total_minor, currency, availability)
select listing_id, %(at)s, price_minor, total_minor, currency, availability from compared where is_needed
union all
select listing_id, u_at, w_price, w_total, w_currency, w_availability from compared
where u_at is not null and differs_now and effective_at is not null
on conflict (listing_id, observed_at) do update
set price_minor = excluded.price_minor, total_minor = excluded.total_minor, currency = excluded.currency,
    availability = excluded.availability
"""
