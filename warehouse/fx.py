"""Exchange rates (``core.fx_rates``): writing them, and what they do not cover.

Belongs here: the table. Does not: where rates come from (``scrapers.rates``), converting (SQL of dbt and baselines).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import Jsonb


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """``rate`` units of ``base_currency`` for one unit of ``currency``, on a day; ``provider`` published it."""

    day: date
    currency: str
    base_currency: str
    rate: Decimal
    provider: str


def upsert_rates(conn: psycopg.Connection[Any], rates: Iterable[Rate]) -> int:
    """Keep rates, one transaction; return how many are new or differ. The same rates again change nothing.

    Of two rates of one pair and day the last wins.
    """
    with conn.transaction():
        conn.execute(
            "create temp table pricescope_fx (place int generated always as identity, day date, currency text,"
            " base_currency text, rate numeric(24, 12), provider text) on commit drop"
        )
        with conn.cursor().copy("copy pricescope_fx (day, currency, base_currency, rate, provider) from stdin") as copy:
            for rate in rates:
                copy.write_row((rate.day, rate.currency, rate.base_currency, rate.rate, rate.provider))
        changed = conn.execute(
            """
            insert into core.fx_rates as r (day, currency, base_currency, rate, provider)
            select distinct on (day, currency, base_currency) day, currency, base_currency, rate, provider
            from pricescope_fx
            where rate > 0 and currency <> base_currency
            order by day, currency, base_currency, place desc
            on conflict (day, currency, base_currency) do update
            set rate = excluded.rate, provider = excluded.provider
            where (r.rate, r.provider) is distinct from (excluded.rate, excluded.provider)
            """
        ).rowcount
        conn.execute("drop table pricescope_fx")  # a second call in the caller's transaction
    return changed


def has_rates(conn: psycopg.Connection[Any]) -> bool:
    """Say whether any rate is kept."""
    row = conn.execute("select exists (select from core.fx_rates)").fetchone()
    return bool(row and row[0])


def days_with_rates(conn: psycopg.Connection[Any], base_currency: str, since: date) -> set[date]:
    """Return the days from ``since`` on that have rates in a base currency."""
    rows = conn.execute(
        "select distinct day from core.fx_rates where base_currency = %s and day >= %s", (base_currency, since)
    ).fetchall()
    return {day for (day,) in rows}


def last_day(conn: psycopg.Connection[Any], base_currency: str) -> date | None:
    """Return the newest day with rates in a base currency."""
    row = conn.execute("select max(day) from core.fx_rates where base_currency = %s", (base_currency,)).fetchone()
    return None if row is None else row[0]


def asked_days(conn: psycopg.Connection[Any], provider: str) -> set[date]:
    """Return the days that a provider was asked for; a holiday has no rates of its own, yet is asked for once."""
    row = conn.execute("select value from ops.checkpoints where name = %s", (f"fx:{provider}",)).fetchone()
    return set() if row is None else {date.fromisoformat(day) for day in row[0]}


def note_asked(conn: psycopg.Connection[Any], provider: str, days: Iterable[date]) -> None:
    """Note the days that a provider was asked for, in the transaction that keeps its rates."""
    asked = sorted(asked_days(conn, provider) | set(days))
    if not asked:
        return
    conn.execute(
        "insert into ops.checkpoints (name, value) values (%s, %s)"
        " on conflict (name) do update set value = excluded.value, updated_at = now()",
        (f"fx:{provider}", Jsonb([day.isoformat() for day in asked])),
    )


def currencies_in_use(conn: psycopg.Connection[Any]) -> list[str]:
    """Return the currencies of listings and watches, in order."""
    rows = conn.execute(
        "select currency from core.listing_state union select currency from app.watches order by 1"
    ).fetchall()
    return [code for (code,) in rows]


def unconvertible_listings(conn: psycopg.Connection[Any], base_currency: str, today: date) -> dict[str, int]:
    """Return by currency how many listings on offer cannot be valued in ``base_currency``: no rate is known."""
    rows = conn.execute(
        """
        select s.currency, count(*)
        from core.listing_state s
        where s.is_active and s.currency <> %(base)s and s.currency = any(%(missing)s)
        group by s.currency order by s.currency
        """,
        {"base": base_currency, "missing": _without_rate(conn, currencies_in_use(conn), base_currency, today)},
    ).fetchall()
    return dict(rows)


def _without_rate(conn: psycopg.Connection[Any], currencies: Sequence[str], base: str, today: date) -> list[str]:
    rows = conn.execute(
        f"select code from unnest(%(codes)s::text[]) as code where {rate_to('code', '%(base)s', '%(today)s')} is null",
        {"codes": [code for code in currencies if code != base], "base": base, "today": today},
    ).fetchall()
    return [code for (code,) in rows]


def rate_to(currency: str, target: str, day: str) -> str:
    """Return SQL (a scalar sub-select) for units of ``target`` for one ``currency``, at the latest rate up to ``day``.

    That of ``int_fx_rates__crossed``: quoted directly, the other way round, or crossed over a base that both have on
    one day; the newest day wins, then what needs no crossing, then the base's name. Null where no rate is known.

    Args:
        currency, target, day: SQL expressions (columns or placeholders), never values.
    """
    return f"""(
        select known.rate from (
            (select direct.day, 0 as crossing, direct.base_currency, round(direct.rate, 18) as rate
             from core.fx_rates as direct
             where direct.currency = {currency} and direct.base_currency = {target} and direct.day <= {day}
             order by direct.day desc limit 1)
            union all
            (select inverse.day, 0, inverse.base_currency, round(1 / inverse.rate, 18)
             from core.fx_rates as inverse
             where inverse.currency = {target} and inverse.base_currency = {currency} and inverse.day <= {day}
             order by inverse.day desc limit 1)
            union all
            (select source.day, 1, source.base_currency, round(source.rate / aim.rate, 18)
             from core.fx_rates as source
             inner join core.fx_rates as aim
                 on source.day = aim.day and source.base_currency = aim.base_currency and aim.currency = {target}
             where source.currency = {currency} and source.day <= {day}
             order by source.day desc, source.base_currency asc limit 1)
        ) as known
        order by known.day desc, known.crossing, known.base_currency
        limit 1
    )"""
