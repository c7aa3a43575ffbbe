"""Procurement lots and their positions, as pages show them (``core.lots``, ``core.lot_items``).

Belongs here: writing a page's lots in its transaction, set by set. Does not: the listings made from their positions
(``load``).

What a page does not say is kept as an older page said it: a lot's own answer repeats neither its customer nor its
price. Of two pages the newer decides, and an older one only fills what is still empty. A lot's positions are those of
one page, the newest that shows any; they are replaced together. The same pages again change no row.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import psycopg

from domain.lot import Lot, LotItem
from domain.money import MAX_AMOUNT
from warehouse.poison import storable

logger = logging.getLogger(__name__)

_TYPES = {
    "title": "text",
    "display_number": "text",
    "category": "text",
    "region": "text",
    "customer_id": "text",
    "customer_name": "text",
    "provider_id": "text",
    "provider_name": "text",
    "start_price": "numeric",
    "deal_price": "numeric",
    "currency": "text",
    "bidders": "int",
    "is_budget": "boolean",
    "starts_at": "timestamptz",
    "ends_at": "timestamptz",
    "deal_at": "timestamptz",
}
_ITEM_TYPES = {
    "number": "int",
    "name": "text",
    "description": "text",
    "quantity": "numeric(24, 6)",
    "unit": "text",
    "unit_price": "numeric(24, 4)",
    "cost": "numeric(24, 4)",
    "currency": "text",
    "country": "text",
    "attributes": "jsonb",
}
_KEY_MAX = 200
_INT32_MAX = 2**31 - 1


def load_lots(conn: psycopg.Connection, values: Mapping[str, Any], lots: Sequence[Lot]) -> int:
    """Insert or update the lots of one page; return how many were sent. Doing it again changes nothing.

    Args:
        conn: in the transaction of the page.
        values: ``source``, ``at`` (UTC) and ``page_id`` of the page.
        lots: of two of one lot the last wins; one that the tables cannot hold is left out and logged.
    """
    kept: dict[tuple[str, str], Lot] = {}
    for lot in lots:
        reason = refusal_of_lot(lot, str(values["source"]))
        if reason is None:
            kept[lot.lot_type, lot.external_id] = lot
        else:
            logger.warning("a lot of page %s is left out: %s", values["page_id"], reason)
    if kept:
        sent = {**values, "lots": _json(list(kept.values()))}
        conn.execute(_UPSERT, sent)
        conn.execute(_DELETE_ITEMS, sent)
        conn.execute(_PUT_ITEMS, sent)
    return len(kept)


def refusal_of_lot(lot: Lot, source: str) -> str | None:
    """Return why this lot cannot be stored, with the field's name; None when it can."""
    if lot.source != source:
        return f"source: the page is of {source!r}, the lot says {storable(lot.source)[:80]!r}"
    if not lot.external_id or len(lot.external_id) > _KEY_MAX or len(lot.lot_type) > _KEY_MAX:
        return "external_id: empty or too long"
    bad = _bad_value(lot, ("start_price", "deal_price"), ("bidders",))
    for item in lot.items:
        bad = bad or _bad_value(item, ("quantity", "unit_price", "cost"), ("number",))
    return bad


def _bad_value(record: Lot | LotItem, amounts: Sequence[str], counts: Sequence[str]) -> str | None:
    for name in amounts:
        amount = getattr(record, name)
        if amount is not None and not (
            isinstance(amount, Decimal) and amount.is_finite() and 0 <= amount <= MAX_AMOUNT
        ):
            return f"{name}: {amount!s:.40} is not an amount from 0 to {MAX_AMOUNT:,}"
    for name in counts:
        count = getattr(record, name)
        if count is not None and not -_INT32_MAX <= count <= _INT32_MAX:
            return f"{name}: {count!s:.40} does not fit 32 bits"
    for name in ("starts_at", "ends_at", "deal_at"):
        moment = getattr(record, name, None)
        if isinstance(moment, datetime) and (moment.tzinfo is None or not 1 < moment.year < 9999):
            return f"{name}: {moment.isoformat()} has no time zone, or a year that no lot can have"
    return None


def _json(lots: Sequence[Lot]) -> str:
    # Amounts go as text and become numeric in SQL; NUL and half surrogates, which PostgreSQL refuses, as escapes.
    return msgspec.json.encode(_clean(msgspec.to_builtins(lots))).decode()


def _clean(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(name)): _clean(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(inner) for inner in value]
    return value


_PLAIN = ", ".join(_TYPES)
_SENT = f"""
    select * from jsonb_to_recordset(%(lots)s::jsonb) as sent (external_id text, lot_type text, status text, url text,
        {", ".join(f"{name} {kind}" for name, kind in _TYPES.items())}, items jsonb)
"""
_IS_NEWER = "(excluded.last_seen_at, excluded.last_page_id) >= (l.last_seen_at, l.last_page_id)"
# Each column's value once the page is loaded.
_MERGED = {
    **{name: f"case when {_IS_NEWER} then excluded.{name} else l.{name} end" for name in ("status", "url")},
    **{
        name: f"case when {_IS_NEWER} then coalesce(excluded.{name}, l.{name})"
        f" else coalesce(l.{name}, excluded.{name}) end"
        for name in _TYPES
    },
    "first_seen_at": "least(l.first_seen_at, excluded.first_seen_at)",
    "last_seen_at": "greatest(l.last_seen_at, excluded.last_seen_at)",
    "last_page_id": f"case when {_IS_NEWER} then excluded.last_page_id else l.last_page_id end",
}
_UPSERT = f"""
insert into core.lots as l (source, external_id, lot_type, status, url, {_PLAIN}, first_seen_at, last_seen_at,
    last_page_id)
select %(source)s, external_id, lot_type, status, url, {_PLAIN}, %(at)s, %(at)s, %(page_id)s
from ({_SENT}) sent
order by lot_type, external_id
on conflict (source, lot_type, external_id) do update
set {", ".join(f"{name} = {value}" for name, value in _MERGED.items())}
where ({", ".join(f"l.{name}" for name in _MERGED)}) is distinct from ({", ".join(_MERGED.values())})
"""
# The lots whose positions this page decides: it is their newest, or the only one that shows any.
_DECIDED = f"""
    select l.lot_id, sent.items
    from ({_SENT}) sent
    join core.lots l on l.source = %(source)s and l.lot_type = sent.lot_type and l.external_id = sent.external_id
    where jsonb_array_length(sent.items) > 0
      and (l.last_page_id = %(page_id)s or not exists (select from core.lot_items i where i.lot_id = l.lot_id))
"""
_DELETE_ITEMS = f"""
delete from core.lot_items i using ({_DECIDED}) found
where i.lot_id = found.lot_id
  and not found.items @> jsonb_build_array(jsonb_build_object('number', i.number))
"""
_ITEM_COLUMNS = ", ".join(_ITEM_TYPES)
_CHANGING = tuple(name for name in _ITEM_TYPES if name != "number")
_PUT_ITEMS = f"""
insert into core.lot_items as i (lot_id, {_ITEM_COLUMNS})
select distinct on (found.lot_id, item.number) found.lot_id,
       {", ".join(f"item.{name}" for name in _ITEM_TYPES if name != "attributes")}, coalesce(item.attributes, '{{}}')
from ({_DECIDED}) found
cross join lateral jsonb_to_recordset(found.items)
    as item ({", ".join(f"{name} {kind}" for name, kind in _ITEM_TYPES.items())})
order by found.lot_id, item.number
on conflict (lot_id, number) do update
set {", ".join(f"{name} = excluded.{name}" for name in _CHANGING)}
where ({", ".join(f"i.{name}" for name in _CHANGING)})
      is distinct from ({", ".join(f"excluded.{name}" for name in _CHANGING)})
"""
