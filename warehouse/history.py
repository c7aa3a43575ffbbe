"""The price history: which observations make a row of ``core.price_history``.

The rule: an observation of a listing makes a row when its price, total, currency or availability differs from the
observation before it, or when it is the first of its UTC day (the heartbeat). The other observations are not lost:
``ops.page_readings.listing_ids`` says which pages showed which listings, and their values are those of the row before.
So the history is a function of the set of pages read, whatever the order in which they arrived.

Both functions work on the staged rows of the load (``pricescope_load``) and belong to its transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg


def append_history(conn: psycopg.Connection, values: Mapping[str, Any]) -> None:
    """Add the rows of a page that is the newest of its listings: the state before it decides, no history is read."""
    conn.execute(
        """
        insert into core.price_history as h (listing_id, observed_at, price_minor, total_minor, currency, availability)
        select listing_id, %(at)s, price_minor, total_minor, currency, availability
        from pricescope_load
        where not is_late and not is_again and (value_moved or new_day)
        on conflict (listing_id, observed_at) do update
        set price_minor = excluded.price_minor, total_minor = excluded.total_minor, currency = excluded.currency,
            availability = excluded.availability
        """,
        values,
    )


def correct_history(conn: psycopg.Connection, values: Mapping[str, Any]) -> None:
    """Put the observations of a late or re-read page into the history as if they had come in time.

    Besides the row itself, the observation after it may need a row that it did not need before (the price went back),
    or need its row no longer (it only repeats this one).
    """
    conn.execute(_CORRECT, values)


# observed: this page's (t, v). p, n: the history rows around t; h: the row at t; u: the first observation after t that
# has no row of its own, so that its value is the one in effect before the correction (h, else p).
_CORRECT = """
with observed as (
    select listing_id, price_minor, total_minor, currency, availability
    from pricescope_load
    where ((is_late and (not is_counted or %(reparse)s)) or (is_again and %(reparse)s))
      -- Of two pages of one instant the newer has its say.
      and not exists (select from ops.page_readings r
                      where r.source = %(source)s and r.day = %(day)s and r.fetched_at = %(at)s
                        and r.page_id > %(page_id)s and listing_id = any(r.listing_ids))
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
seen as (
    select id as listing_id, r.fetched_at
    from ops.page_readings r, unnest(r.listing_ids) as id
    -- An observation without a row has one before it on its own day, so none beyond this day matters.
    where r.source = %(source)s and r.day = %(day)s and r.fetched_at > %(at)s
      and id in (select listing_id from observed)
),
placed as (
    select a.*,
           (select min(s.fetched_at) from seen s
            where s.listing_id = a.listing_id and s.fetched_at < coalesce(a.n_at, 'infinity')) as u_at,
           a.p_at is null or a.differs_before
               or (a.p_at at time zone 'UTC')::date < %(day)s as is_needed,
           (a.price_minor, a.total_minor, a.currency, a.availability)
               is distinct from (a.w_price, a.w_total, a.w_currency, a.w_availability) as differs_now
    from around a
),
dropped as (
    delete from core.price_history h
    using placed a
    where h.listing_id = a.listing_id
      and ((h.observed_at = %(at)s and not a.is_needed)
           or (h.observed_at = a.n_at and a.u_at is null and a.same_after
               and (a.n_at at time zone 'UTC')::date = %(day)s))
)
insert into core.price_history as h (listing_id, observed_at, price_minor, total_minor, currency, availability)
select listing_id, %(at)s, price_minor, total_minor, currency, availability from placed where is_needed
union all
select listing_id, u_at, w_price, w_total, w_currency, w_availability from placed
where u_at is not null and differs_now and effective_at is not null
on conflict (listing_id, observed_at) do update
set price_minor = excluded.price_minor, total_minor = excluded.total_minor, currency = excluded.currency,
    availability = excluded.availability
"""
