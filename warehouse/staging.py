"""The table in which a load lays records beside what is stored, where keys and hashes alone do not tell.

Belongs here: the table. Does not: what is put into it (``staged``, ``unpriced``), what is made of it (``history``).
"""

from __future__ import annotations

import psycopg


def empty_staging(conn: psycopg.Connection) -> None:
    """Have ``pricescope_load`` there and empty; a load earlier in the caller's transaction may have filled it."""
    conn.execute(_CREATE)
    conn.execute("delete from pricescope_load")


_CREATE = """
create temp table if not exists pricescope_load (
    ordinal int, external_id text, content_hash bytea, price_minor bigint, total_minor bigint, currency text,
    availability text, favourite_count int, view_count int, quantity int, listing_id bigint, is_new boolean,
    is_late boolean, is_again boolean, price_moved boolean, value_moved boolean, new_day boolean,
    is_counted boolean
) on commit delete rows
"""
