"""Procurement lots and their items, as pages show them (``core.lots``, ``core.lot_items``).

Belongs here: writing a page's lots in its transaction. Does not: the listings made from their items (``load``).

Absent means unknown here too: a list row that names neither customer nor price keeps what the lot's own page said.
Of two pages the newer decides; an older one only fills what is still empty. Items are replaced as a whole by the
newest page that shows any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import psycopg

from domain.lot import Lot
from warehouse.poison import storable

_PLAIN = (
    "title",
    "display_number",
    "category",
    "region",
    "customer_id",
    "customer_name",
    "provider_id",
    "provider_name",
    "start_price",
    "deal_price",
    "currency",
    "bidders",
    "is_budget",
    "starts_at",
    "ends_at",
    "deal_at",
)
_TYPES = {
    "start_price": "numeric",
    "deal_price": "numeric",
    "bidders": "int",
    "is_budget": "boolean",
    "starts_at": "timestamptz",
    "ends_at": "timestamptz",
    "deal_at": "timestamptz",
}


def load_lots(conn: psycopg.Connection, values: Mapping[str, Any], lots: Sequence[Lot]) -> int:
    """Insert or update the lots of one page; return how many there were. Doing it again changes nothing.

    Args:
        conn: in the transaction of the page.
        values: ``source``, ``at`` (UTC) and ``page_id`` of the page.
        lots: of two of one lot the last wins.
    """
    kept = {(lot.lot_type, lot.external_id): lot for lot in lots if lot.source == values["source"]}
    if not kept:
        return 0
    sent = {**values, "lots": _json(list(kept.values()))}
    conn.execute(_UPSERT, sent)
    conn.execute(_DELETE_ITEMS, sent)
    conn.execute(_INSERT_ITEMS, sent)
    return len(kept)


def _json(lots: Sequence[Lot]) -> str:
    # Amounts go as text and become numeric in SQL; NUL and half surrogates, which PostgreSQL refuses, as escapes.
    return msgspec.json.encode(_clean(msgspec.to_builtins(lots, builtin_types=(Decimal,)))).decode()


def _clean(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(name)): _clean(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(inner) for inner in value]
    # Beyond what a column holds it is a parsing accident: unknown, rather than a lost page.
    if isinstance(value, Decimal):
        return value if value.is_finite() and abs(value) <= _AMOUNT_MAX else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) <= _INT_MAX else None
    return value


_INT_MAX = 2**31 - 1
_AMOUNT_MAX = 10**17
_STATED = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in _PLAIN)
_SENT = f"""
    select * from jsonb_to_recordset(%(lots)s::jsonb)
        as sent (external_id text, lot_type text, status text, url text, {_STATED}, items jsonb)
"""
_IS_NEWER = "(excluded.last_seen_at, excluded.last_page_id) >= (l.last_seen_at, l.last_page_id)"
_UPSERT = f"""
insert into core.lots as l (source, external_id, lot_type, status, url, {", ".join(_PLAIN)}, first_seen_at,
    last_seen_at, last_page_id)
select %(source)s, external_id, lot_type, status, url, {", ".join(_PLAIN)}, %(at)s, %(at)s, %(page_id)s
from ({_SENT}) sent
order by lot_type, external_id
on conflict (source, lot_type, external_id) do update
set status = case when {_IS_NEWER} then excluded.status else l.status end,
    url = case when {_IS_NEWER} then excluded.url else l.url end,
    {
    ", ".join(
        f"{name} = case when {_IS_NEWER} then coalesce(excluded.{name}, l.{name})"
        f" else coalesce(l.{name}, excluded.{name}) end"
        for name in _PLAIN
    )
},
    first_seen_at = least(l.first_seen_at, excluded.first_seen_at),
    last_seen_at = greatest(l.last_seen_at, excluded.last_seen_at),
    last_page_id = case when {_IS_NEWER} then excluded.last_page_id else l.last_page_id end
"""
_FOUND = f"""
    select l.lot_id, sent.items
    from ({_SENT}) sent
    join core.lots l on l.source = %(source)s and l.lot_type = sent.lot_type and l.external_id = sent.external_id
    where jsonb_array_length(sent.items) > 0
      and (l.last_page_id = %(page_id)s or not exists (select from core.lot_items i where i.lot_id = l.lot_id))
"""
_DELETE_ITEMS = f"delete from core.lot_items i using ({_FOUND}) found where i.lot_id = found.lot_id"
_INSERT_ITEMS = f"""
insert into core.lot_items (lot_id, number, name, description, quantity, unit, unit_price, cost, currency, country,
    attributes)
select distinct on (found.lot_id, item.number) found.lot_id, item.number, item.name, item.description, item.quantity,
       item.unit, item.unit_price, item.cost, item.currency, item.country, coalesce(item.attributes, '{{}}')
from ({_FOUND}) found
cross join lateral jsonb_to_recordset(found.items) as item (number int, name text, description text, quantity numeric,
    unit text, unit_price numeric, cost numeric, currency text, country text, attributes jsonb)
order by found.lot_id, item.number
on conflict (lot_id, number) do nothing
"""
