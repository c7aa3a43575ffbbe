"""The stock history: a row of ``core.stock_history`` where the number of pieces that a page states has changed.

Unlike prices it has no heartbeat: most sources never tell, and between two rows nothing changed as far as was seen.
A page that does not state a number leaves no trace. A page that arrives late adds its row where it differs from the
row before it; the rows after it stay, so that no observation made in between is lost.

Works on the staged rows of the load (``pricescope_load``), before ``core.listing_state`` takes them over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg


def append_stock(conn: psycopg.Connection, values: Mapping[str, Any]) -> None:
    """Add what the page at hand tells of the stock; ``values`` are the load's (``at``, ``reparse``)."""
    conn.execute(_APPEND, values)
    conn.execute(_INSERT_LATE, values)


_APPEND = """
insert into core.stock_history as h (listing_id, observed_at, quantity)
select k.listing_id, %(at)s, k.quantity
from pricescope_load k
left join core.listing_state s on s.listing_id = k.listing_id
where k.quantity is not null and not k.is_late and not k.is_again and s.quantity is distinct from k.quantity
on conflict (listing_id, observed_at) do update set quantity = excluded.quantity
where h.quantity <> excluded.quantity
"""
_INSERT_LATE = """
with told as (
    select k.listing_id, k.quantity,
           (select b.quantity from core.stock_history b
            where b.listing_id = k.listing_id and b.observed_at < %(at)s
            order by b.observed_at desc limit 1) as quantity_before
    from pricescope_load k
    where k.quantity is not null
      and ((k.is_late and (not k.is_counted or %(reparse)s)) or (k.is_again and %(reparse)s))
),
dropped as (
    delete from core.stock_history h using told
    where h.listing_id = told.listing_id and h.observed_at = %(at)s and told.quantity = told.quantity_before
)
insert into core.stock_history as h (listing_id, observed_at, quantity)
select listing_id, %(at)s, quantity from told where quantity is distinct from quantity_before
on conflict (listing_id, observed_at) do update set quantity = excluded.quantity
where h.quantity <> excluded.quantity
"""
