"""Batches of rows for checks that look at many rows at once.

Belongs here: one bounded query a batch. Does not: what is expected of them (``quality``).

A batch holds numbers, flags and closed lists. Titles, addresses, logins and ids stay in the database: what is to be
known about them is computed here, as a flag. Every batch is bounded, whatever the size of its table: a few days by an
index, and of those a sample that is another one each day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql

# int8, int2, int4, float4, float8 in pg_type: what a frame should hold as numbers.
_NUMBER_OIDS = frozenset({20, 21, 23, 700, 701})
DAYS = 2
MOST_PAGES = 20_000
MOST_ITEMS = 100_000
MOST_PRICES = 50_000
MOST_MART_ROWS = 20_000


@dataclass(frozen=True)
class Batch:
    """Rows with the names of their columns; ``numbers`` are the columns that hold numbers or nothing."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    numbers: frozenset[str]


def page_batch(conn: psycopg.Connection, *, limit: int = MOST_PAGES) -> Batch:
    """Return the pages stored last, without address, body and digest."""
    return _batch(
        conn,
        """
        select
            p.source,
            p.origin,
            p.status::float8 as status,
            p.status between 200 and 299 or p.status = 304 as is_answer,
            octet_length(p.sha256) as digest_bytes,
            p.body_bytes,
            case when p.status between 200 and 299 and p.status <> 204 then p.body_bytes end as answer_bytes,
            p.duration_ms / 1000.0::float8 as request_seconds,
            p.url ~ '^https?://' as has_absolute_url,
            p.day = (p.fetched_at at time zone 'UTC')::date as is_in_its_day,
            extract(epoch from p.fetched_at - now())::float8 / 3600 as hours_ahead,
            case when p.fetched_at < now() - interval '1 day' then r.page_id is not null end as is_read
        from (
            select page_id, fetched_at, source, day, url, status, duration_ms, origin, sha256, body_bytes
            from raw.pages order by page_id desc limit %(limit)s
        ) as p
        left join ops.page_readings as r using (page_id)
        """,
        {"limit": limit},
    )


def item_batch(conn: psycopg.Connection, *, days: int = DAYS, limit: int = MOST_ITEMS) -> Batch:
    """Return the listings seen within ``days`` of the newest observation, of more than ``limit`` a sample.

    Counted from the newest observation, not from now, so that an idle installation is checked by what it has.
    """
    return _batch(
        conn,
        """
        with sampled as (
            select listing_id from core.listing_state
            where last_seen_at > (select max(last_seen_at) from core.listing_state) - make_interval(days => %(days)s)
            order by hashint8extended(listing_id, %(seed)s) limit %(limit)s
        )
        select
            l.source,
            l.external_id ~ '^\\S+$' as has_id,
            l.price::float8 as price,
            l.total_price::float8 as total_price,
            l.currency,
            l.condition,
            l.price_kind,
            l.brand is not null as has_brand,
            l.title ~ '\\S' as has_title,
            l.url ~ '^https?://' as has_absolute_url,
            l.last_changed_at >= l.first_seen_at as changed_after_first_seen
        from sampled join core.listings as l using (listing_id)
        """,
        {"days": days, "limit": limit, "seed": _seed()},
    )


def history_batch(conn: psycopg.Connection, *, days: int = DAYS, limit: int = MOST_PRICES) -> Batch:
    """Return the prices observed within ``days`` of the newest observation, each beside the one before it.

    Where there are more than ``limit``, a sample by listing.
    """
    # The narrow table knows the newest observation; the history would have to be read whole to tell.
    newest = conn.execute("select max(last_seen_at) from core.listing_state").fetchone()
    since = (newest[0] if newest and newest[0] else datetime.now(UTC)) - timedelta(days=days)
    return _batch(
        conn,
        """
        with sampled as (
            select * from core.price_history where observed_at > %(since)s
            order by hashint8extended(listing_id, %(seed)s), listing_id limit %(limit)s
        )
        select
            l.listing_id is not null as has_listing,
            s.price_minor,
            s.total_minor,
            s.currency,
            s.availability,
            extract(epoch from s.observed_at - now())::float8 / 3600 as hours_ahead,
            count(*) over (partition by s.listing_id, (s.observed_at at time zone 'UTC')::date) as rows_that_day,
            b.currency = s.currency as keeps_currency,
            case when b.currency = s.currency and b.payable > 0 and coalesce(s.total_minor, s.price_minor) > 0
                then exp(abs(ln(coalesce(s.total_minor, s.price_minor)::float8 / b.payable)))
            end as times_previous
        from sampled as s
        left join core.listings as l on s.listing_id = l.listing_id
        left join lateral (
            select p.currency, coalesce(p.total_minor, p.price_minor) as payable from core.price_history as p
            where p.listing_id = s.listing_id and p.observed_at < s.observed_at
            order by p.observed_at desc limit 1
        ) as b on true
        """,
        {"since": since, "limit": limit, "seed": _seed()},
    )


def mart_batch(
    conn: psycopg.Connection, table: str, columns: Mapping[str, str], *, limit: int = MOST_MART_ROWS
) -> Batch | None:
    """Return rows of a mart, of more than ``limit`` a sample of blocks; None before dbt made it.

    Args:
        table: name in the schema ``marts``.
        columns: SQL expression by the name it gets.
    """
    name = sql.Identifier("marts", table)
    known = conn.execute(
        "select c.reltuples from pg_class as c where c.oid = to_regclass(%s)", [f"marts.{table}"]
    ).fetchone()
    if known is None:
        return None
    # A mart is analysed when it is made, so that the estimate is good; -1 is one that was not.
    share = min(100.0, 100.0 * limit / max(float(known[0]), 1.0))
    chosen = sql.SQL(", ").join(
        sql.SQL("{} as {}").format(sql.SQL(expression), sql.Identifier(as_name))
        for as_name, expression in columns.items()
    )
    query = sql.SQL("select {} from {} tablesample system ({}) repeatable ({}) limit {}").format(
        chosen, name, sql.Literal(share), sql.Literal(_seed()), sql.Literal(limit)
    )
    return _batch(conn, query, {})


def _batch(conn: psycopg.Connection, query: str | sql.Composed, parameters: Mapping[str, object]) -> Batch:
    cursor = conn.execute(query, parameters)
    described = cursor.description or []
    return Batch(
        columns=tuple(column.name for column in described),
        rows=cursor.fetchall(),
        numbers=frozenset(column.name for column in described if column.type_code in _NUMBER_OIDS),
    )


def _seed() -> int:
    """Return the number that the day's samples are drawn by."""
    return datetime.now(UTC).toordinal()
