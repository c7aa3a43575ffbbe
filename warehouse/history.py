"""The price history: which observations make a row of ``core.price_history``.

The rule: an observation of a listing makes a row when its price, total, currency or availability differs from the
observation before it, or when it is the first of its UTC day (the heartbeat). The other observations are not lost:
``ops.page_readings.listing_ids`` says which pages showed which listings, and their values are those of the row before.
So the history is a function of the set of pages read, whatever the order in which they arrived. A price of nothing
makes no row; one that cannot be meant waits for review (``reviews``).

A page that does not state a listing's total leaves a thin observation of it (``ops.page_readings.thin_ids``): its
total is told by the observation before it (see completion). One that shows no price at all (``unpriced_ids``) is told
price and total so. So a late page may change the totals and prices of those after it.

All functions work on the staged rows of the load (``pricescope_load``) and belong to its transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg

from warehouse.compaction import expand_month
from warehouse.completion import Priced, total_minor
from warehouse.copy_text import integer_array, plain_array
from warehouse.sightings import Sightings


class Present(msgspec.Struct, frozen=True):
    """What a listing costs now, as a late page tells it.

    Attributes:
        priced: of its newest observation, which leaves the total unsaid, as do all those after the page.
        is_price_told: they leave the price unsaid, too.
    """

    priced: Priced
    is_price_told: bool


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
    walked = [row[0] for row in conn.execute(_BEFORE_UNSAID, values).fetchall()]
    present = {}
    for listing_id in walked:
        found = _walk(conn, {**values, "listing_id": listing_id}, is_priced=is_priced)
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
_TO_CORRECT = """
select listing_id
from pricescope_load
where ((is_late and (not is_counted or %(reparse)s)) or (is_again and %(reparse)s))
  and listing_id <> all(%(walked)s) and price_minor > 0
  and not exists (select from ops.price_reviews v
                  where v.listing_id = pricescope_load.listing_id and v.observed_at = %(at)s
                    and v.price_minor = pricescope_load.price_minor and v.state <> 'released')
"""
# observed: this page's (t, v), and when the listing was seen next on the day: an observation of a price that has no row
# has one before it on its own day. p, n: the history rows around t; h: the row at t; u: the first observation after t
# that has no row of its own, so that its value is the one in effect before the correction (h, else p). without_price:
# seen earlier on the day by a page that showed no price, so that this is no heartbeat.
_CORRECT = """
with without_price as (
    select distinct unnest(r.unpriced_ids)
    from ops.page_readings r
    where r.source = %(source)s and r.unpriced > 0 and r.fetched_at >= %(day)s::timestamp at time zone 'UTC'
      and r.fetched_at <= %(at)s and (r.fetched_at, r.page_id) < (%(at)s::timestamptz, %(page_id)s::bigint)
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


# Late listings that observations follow which leave the total or the price unsaid. The next row is such an observation,
# or says both itself, so that those after it stay as they are. Where no total was told and none is, nothing changes for
# those that leave the total unsaid alone.
_BEFORE_UNSAID = """
select k.listing_id
from pricescope_load k
cross join lateral (
    select coalesce(min(h.observed_at), 'infinity') as next_at
    from core.price_history h where h.listing_id = k.listing_id and h.observed_at > %(at)s
) n
where k.is_late and (not k.is_counted or %(reparse)s)
  and (exists (select from ops.page_readings r
               where r.source = %(source)s and r.unpriced > 0 and r.fetched_at between %(at)s and n.next_at
                 and (r.fetched_at, r.page_id) > (%(at)s::timestamptz, %(page_id)s::bigint)
                 and k.listing_id = any(r.unpriced_ids))
       or ((k.total_minor is not null
            or (%(reparse)s
                and (select h.total_minor is not null from core.price_history h
                     where h.listing_id = k.listing_id and h.observed_at <= %(at)s
                     order by h.observed_at desc limit 1)))
           and exists (select from ops.page_readings r
                       where r.source = %(source)s and r.thin_ids <> '{}' and r.fetched_at between %(at)s and n.next_at
                         and (r.fetched_at, r.page_id) > (%(at)s::timestamptz, %(page_id)s::bigint)
                         and k.listing_id = any(r.thin_ids))))
order by k.listing_id
"""


class _Value(msgspec.Struct, frozen=True):
    """What an observation says of a listing, the total completed."""

    price_minor: int
    total_minor: int | None
    currency: str
    availability: str

    @property
    def priced(self) -> Priced:
        return Priced(self.price_minor, self.total_minor, self.currency)


class _Told(msgspec.Struct, frozen=True):
    """An observation's value, and whether its page shows a price, so that it is a heartbeat."""

    value: _Value
    is_priced: bool


def _walk(conn: psycopg.Connection, values: Mapping[str, Any], *, is_priced: bool) -> Present | None:
    """Tell one listing's observations anew, from this page's to the first that states its total; write their rows.

    Returns:
        What it costs now where no observation after this page states its total.
    """
    at: datetime = values["at"]
    rows = {row[0]: _Value(*row[1:]) for row in conn.execute(_ROWS_FROM, values).fetchall()}
    unsaid = {(row[0], row[1]): row[2] for row in conn.execute(_UNSAID_FROM, values).fetchall()}
    unsaid_times = {fetched_at for fetched_at, _ in unsaid}
    # Rows are observations: one that says its total itself, and what follows it, stay as they are.
    end = next((time for time in rows if time > at and time not in unsaid_times), None)
    own = conn.execute(_STAGED, values).fetchone()
    seen = conn.execute(_SEEN_UNTIL, {**values, "end": end}).fetchall()
    if own is None:
        return None
    value = _Value(*own)
    told = {at: _Told(value, is_priced)}
    stated_at: datetime | None = None
    is_price_told = True
    for fetched_at, page_id in seen:
        if stated_at is not None and fetched_at > stated_at:
            break
        before = value
        value = rows[max(time for time in rows if time <= fetched_at)]
        shows_price = unsaid.get((fetched_at, page_id))
        if shows_price is None:
            stated_at = fetched_at
        elif shows_price:
            is_price_told = False
            total = total_minor(values["source"], value.price_minor, value.currency, before.priced)
            value = msgspec.structs.replace(value, total_minor=total)
        else:
            value = msgspec.structs.replace(before, availability=value.availability)
        told[fetched_at] = _Told(value, shows_price is not False)
    (seen_before,) = conn.execute(_SEEN_WITHOUT_PRICE, values).fetchone() or (None,)
    _write_rows(conn, values, rows, told, seen_before=seen_before)
    return Present(value.priced, is_price_told) if stated_at is None else None


def _write_rows(
    conn: psycopg.Connection,
    values: Mapping[str, Any],
    rows: Mapping[datetime, _Value],
    told: Mapping[datetime, _Told],
    *,
    seen_before: datetime | None,
) -> None:
    """Replace the rows from the first to the last observation told by those that the rule asks for.

    Args:
        conn: in the load's transaction.
        values: the load's, and ``listing_id``.
        rows: of the history, by time, from the one before the first observation told on.
        told: observations by time.
        seen_before: when the listing was seen last on the first one's day without a price, which makes no heartbeat.
    """
    last_at = max((time for time in rows if time < values["at"]), default=None)
    last = None if last_at is None else rows[last_at]
    last_at = max((time for time in (last_at, seen_before) if time is not None), default=None)
    needed = []
    for time, one in told.items():
        is_new_day = last_at is None or last_at.astimezone(UTC).date() < time.astimezone(UTC).date()
        if one.value != last or (one.is_priced and is_new_day):
            needed.append((time, one.value))
        last_at, last = time, one.value
    conn.execute(
        "delete from core.price_history where listing_id = %(listing_id)s and observed_at between %(at)s and %(last)s",
        {**values, "last": max(told)},
    )
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into core.price_history (listing_id, observed_at, price_minor, total_minor, currency, availability)"
            " values (%s, %s, %s, %s, %s, %s)",
            [(values["listing_id"], time, *msgspec.structs.astuple(value)) for time, value in needed],
        )


_ROWS_FROM = """
select observed_at, price_minor, total_minor, currency, availability
from core.price_history
where listing_id = %(listing_id)s
  and observed_at >= coalesce((select max(observed_at) from core.price_history
                               where listing_id = %(listing_id)s and observed_at < %(at)s), %(at)s)
order by observed_at
"""
_UNSAID_FROM = """
select fetched_at, page_id, true from ops.page_readings
where source = %(source)s and thin_ids <> '{}' and fetched_at >= %(at)s
  and (fetched_at, page_id) > (%(at)s::timestamptz, %(page_id)s::bigint) and %(listing_id)s = any(thin_ids)
union all
select fetched_at, page_id, false from ops.page_readings
where source = %(source)s and unpriced > 0 and fetched_at >= %(at)s
  and (fetched_at, page_id) > (%(at)s::timestamptz, %(page_id)s::bigint) and %(listing_id)s = any(unpriced_ids)
"""
_SEEN_WITHOUT_PRICE = """
select max(fetched_at) from ops.page_readings
where source = %(source)s and unpriced > 0 and fetched_at >= %(day)s::timestamp at time zone 'UTC'
  and fetched_at <= %(at)s and (fetched_at, page_id) < (%(at)s::timestamptz, %(page_id)s::bigint)
  and %(listing_id)s = any(unpriced_ids)
"""
_STAGED = """
select price_minor, total_minor, currency, availability from pricescope_load where listing_id = %(listing_id)s
"""
_SEEN_UNTIL = """
select fetched_at, page_id from ops.page_readings
where source = %(source)s and fetched_at >= %(at)s
  and (fetched_at, page_id) > (%(at)s::timestamptz, %(page_id)s::bigint) and %(listing_id)s = any(listing_ids)
  and (%(end)s::timestamptz is null
       or (fetched_at <= %(end)s and day <= (%(end)s::timestamptz at time zone 'UTC')::date))
  and day >= %(day)s
order by fetched_at, page_id
"""
