"""Sellers: the id and login needed to tell them apart, and when they were seen.

Belongs here: writing them within a page's load. Does not: removing them (``retention``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import psycopg

from domain.listing import Seller


def load_sellers(conn: psycopg.Connection, values: Mapping[str, Any], sellers: Mapping[str, Seller]) -> None:
    """Insert sellers not known yet; touch the known once a day, or when their login changed.

    Args:
        conn: in the load's transaction.
        values: the load's (``source``, ``at``).
        sellers: by external id.
    """
    if not sellers:
        return
    conn.execute(
        _UPSERT,
        {
            **values,
            "ids": list(sellers),
            "logins": [seller.login for seller in sellers.values()],
            "business": [seller.is_business for seller in sellers.values()],
        },
    )


def seller_ids(conn: psycopg.Connection, source: str, external_ids: Collection[str]) -> dict[str, int]:
    """Return our ids of the source's sellers, by their own."""
    if not external_ids:
        return {}
    return dict(
        conn.execute(
            "select external_id, seller_id from core.sellers where source = %s and external_id = any(%s)",
            (source, list(external_ids)),
        ).fetchall()
    )


_UPSERT = """
insert into core.sellers as s (source, external_id, login, is_business, first_seen_at, last_seen_at)
select %(source)s, external_id, login, is_business, %(at)s, %(at)s
from unnest(%(ids)s::text[], %(logins)s::text[], %(business)s::boolean[]) as n (external_id, login, is_business)
on conflict (source, external_id) do update
set first_seen_at = least(s.first_seen_at, excluded.first_seen_at),
    last_seen_at = greatest(s.last_seen_at, excluded.last_seen_at),
    login = case when excluded.last_seen_at >= s.last_seen_at then coalesce(excluded.login, s.login)
                 else coalesce(s.login, excluded.login) end,
    is_business = case when excluded.last_seen_at >= s.last_seen_at
                       then coalesce(excluded.is_business, s.is_business)
                       else coalesce(s.is_business, excluded.is_business) end
where excluded.first_seen_at < s.first_seen_at
   or (excluded.last_seen_at at time zone 'UTC')::date > (s.last_seen_at at time zone 'UTC')::date
   or (excluded.last_seen_at > s.last_seen_at
       and (excluded.login <> s.login or excluded.is_business <> s.is_business))
   or (s.login is null and excluded.login is not null)
   or (s.is_business is null and excluded.is_business is not null)
"""
