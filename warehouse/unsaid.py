"""Observations that leave the total or the price unsaid are told by those before them, a late page's among these.

Belongs here: telling a listing's observations anew after a late page, one by one, and their rows. Does not: those that
say price and total themselves (``history``), what is shown now (``late_prices``).

All functions work on the staged rows of the load (``pricescope_load``) and belong to its transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg

from warehouse.completion import Priced, total_minor


class Present(msgspec.Struct, frozen=True):
    """What a listing costs now, as a late page tells it.

    Attributes:
        priced: of its newest observation, which leaves the total unsaid, as do all those after the page.
        is_price_told: they leave the price unsaid, too.
    """

    priced: Priced
    is_price_told: bool


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


def followed_by_unsaid(conn: psycopg.Connection, values: Mapping[str, Any]) -> list[int]:
    """Return our ids of the staged late listings whose later observations hang on this page's."""
    return [listing_id for (listing_id,) in conn.execute(_BEFORE_UNSAID, values).fetchall()]


def tell_anew(conn: psycopg.Connection, values: Mapping[str, Any]) -> Present | None:
    """Tell one listing's observations anew, from this page's to the first that states its total; write their rows.

    Args:
        conn: in the load's transaction.
        values: the load's, ``listing_id``, and ``is_priced``: this page shows a price.

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
    told = {at: _Told(value, values["is_priced"])}
    stated_at: datetime | None = None
    is_price_told = True
    for fetched_at, page_id in seen:
        if stated_at is not None and fetched_at > stated_at:
            break
        before = value
        # Where the month of its row has been dropped, nothing tells what it was.
        value = rows.get(max((time for time in rows if time <= fetched_at), default=at), value)
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


# A price of nothing makes no row, nor does one that waits for review or was taken back there.
CAN_ENTER = """k.price_minor > 0
  and not exists (select from ops.price_reviews v
                  where v.listing_id = k.listing_id and v.observed_at = %(at)s
                    and v.price_minor = k.price_minor and v.state <> 'released')"""
# Pages of the day before this one that show things without a price.
EARLIER_WITHOUT_PRICE = """from ops.page_readings r
    where r.source = %(source)s and r.unpriced > 0 and r.fetched_at >= %(day)s::timestamp at time zone 'UTC'
      and r.fetched_at <= %(at)s and (r.fetched_at, r.page_id) < (%(at)s::timestamptz, %(page_id)s::bigint)"""
# Late listings that observations follow which leave the total or the price unsaid. The next row is such an observation,
# or says both itself, so that those after it stay as they are. Where no total was told and none is, nothing changes for
# those that leave the total unsaid alone.
_BEFORE_UNSAID = f"""
select k.listing_id
from pricescope_load k
cross join lateral (
    select coalesce(min(h.observed_at), 'infinity') as next_at
    from core.price_history h where h.listing_id = k.listing_id and h.observed_at > %(at)s
) n
where k.is_late and (not k.is_counted or %(reparse)s) and {CAN_ENTER}
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
                       where r.source = %(source)s and r.thin_ids <> '{{}}'
                         and r.fetched_at between %(at)s and n.next_at
                         and (r.fetched_at, r.page_id) > (%(at)s::timestamptz, %(page_id)s::bigint)
                         and k.listing_id = any(r.thin_ids))))
order by k.listing_id
"""
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
_SEEN_WITHOUT_PRICE = f"select max(r.fetched_at) {EARLIER_WITHOUT_PRICE} and %(listing_id)s = any(r.unpriced_ids)"
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
