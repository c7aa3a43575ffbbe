"""Rules over prices of products (``app.price_rules``), what they find, what they told.

Belongs here: the tables, and the one query that reads products as the rules need them. Does not: judging, messages.

Products are read as they are now (``core.listing_state``), their past from ``marts.daily_price_stats``; before dbt ever
ran there is none, and rules that need one stay silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import msgspec
import psycopg

from domain.price_rule import PriceJudgement, PriceMemory, PriceRule, PriceRuleKind, ProductMoment
from warehouse.products import OFFERS, ProductError
from warehouse.rows import columns, read_one, read_rows

_LOCK = "app.price_rule_states"


class NewPriceRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule to be kept; see ``domain.price_rule.PriceRule``."""

    owner: str
    kind: PriceRuleKind
    product_id: int | None = None
    days: int | None = None
    amount: Decimal | None = None
    currency: str | None = None
    channels: tuple[str, ...] = ()


class PriceEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of a product; amounts are in the currency beside them."""

    price_event_id: int
    price_rule_id: int
    sku: str
    name: str
    kind: PriceRuleKind
    value: Decimal | None
    base_currency: str
    change_percent: Decimal | None
    reason: str
    created_at: datetime


class NewPriceEvent(msgspec.Struct, frozen=True, kw_only=True):
    """News of a product by a rule, with the notifications that tell it."""

    rule: PriceRule
    moment: ProductMoment
    judgement: PriceJudgement
    notification_ids: tuple[int, ...] = ()


_RULE = f"""
select {columns(PriceRule, "r.").replace("r.sku", "p.sku")}
from app.price_rules r left join core.products p using (product_id)
"""


def add_price_rule(conn: psycopg.Connection, rule: NewPriceRule) -> PriceRule:
    """Keep a rule and return it; the same wish again is the one that is there, with the channels named now."""
    (number,) = conn.execute(
        """
        insert into app.price_rules as r (owner, product_id, kind, days, amount, currency, channels)
        values (%s, %s, %s, %s, %s, %s, %s)
        on conflict (owner, product_id, kind, days, amount) do update
        set channels = excluded.channels, currency = excluded.currency
        returning price_rule_id
        """,
        (rule.owner, rule.product_id, rule.kind, rule.days, rule.amount, rule.currency, list(rule.channels)),
    ).fetchone() or (0,)
    found = read_one(conn, PriceRule, f"{_RULE} where r.price_rule_id = %s", (number,))
    if found is None:
        raise AssertionError(f"rule {number} was just kept")
    return found


def list_price_rules(conn: psycopg.Connection) -> list[PriceRule]:
    """Return all rules, the oldest first."""
    return read_rows(conn, PriceRule, f"{_RULE} order by r.price_rule_id")


def remove_price_rule(conn: psycopg.Connection, number: int) -> None:
    """Forget a rule; what it told stays.

    Raises:
        ProductError: when there is none.
    """
    if conn.execute("delete from app.price_rules where price_rule_id = %s", (number,)).rowcount == 0:
        raise ProductError(f"there is no rule {number}; `pricescope product alert list` shows them")


def take_turn(conn: psycopg.Connection) -> None:
    """Wait until no other check is under way; held to the end of the caller's transaction."""
    conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (_LOCK,))


def moments(
    conn: psycopg.Connection, rules: Sequence[PriceRule], *, base_currency: str, today: date
) -> list[tuple[int, ProductMoment, PriceMemory | None]]:
    """Return for each rule its products as they are now, with what the last look left behind.

    A product none of whose listings was ever seen is left out: there is nothing to say of it.
    """
    if not rules:
        return []
    made = conn.execute("select to_regclass('marts.daily_price_stats') is not null").fetchone() == (True,)
    rows = conn.execute(
        _moments(has_past=made).encode(),
        {
            "product_id": None,
            "base": base_currency,
            "today": today,
            "rules": [rule.price_rule_id for rule in rules],
        },
    ).fetchall()
    wide, n = len(ProductMoment.__struct_fields__), len(PriceMemory.__struct_fields__)
    found = []
    for row in rows:
        memory = row[1 + wide : 1 + wide + n]
        found.append(
            (
                int(row[0]),
                ProductMoment(**dict(zip(ProductMoment.__struct_fields__, row[1 : 1 + wide], strict=True))),
                None
                if memory[0] is None
                else PriceMemory(**dict(zip(PriceMemory.__struct_fields__, memory, strict=True))),
            )
        )
    return found


_NO_PAST = """
    cross join (select 0 as n_days, null::numeric as lowest, null::numeric as mean) as past
    cross join (select null::numeric as reference, null::date as reference_date) as back
"""
_PAST = """
    cross join lateral (
        select count(*)::int as n_days, min(d.min_price) as lowest, round(avg(d.min_price), 4) as mean
        from marts.daily_price_stats d
        where d.product_id = now_.product_id and d.price_date < %(today)s::date and d.min_price is not null
          and d.currency = %(base)s and r.kind in ('lowest', 'below_average')
          and (r.days is null or d.price_date >= %(today)s::date - r.days)
    ) as past
    left join lateral (
        select d.min_price as reference, d.price_date as reference_date
        from marts.daily_price_stats d
        where d.product_id = now_.product_id and d.price_date <= %(today)s::date - r.days
          and d.min_price is not null and d.currency = %(base)s and r.kind = 'drop'
        order by d.price_date desc limit 1
    ) as back on true
"""


def _moments(*, has_past: bool) -> str:
    return f"""
    with {OFFERS},
    known as (
        select product_id, bool_or(is_on_offer) as is_on_offer from offers group by product_id
    ),
    best as (
        select distinct on (product_id) product_id, listing_id, source, url, price, currency, value
        from offers where is_on_offer and value is not null
        order by product_id, value, listing_id
    ),
    now_ as (
        select p.product_id, p.sku, p.name, known.is_on_offer, best.value, best.price, best.currency, best.source,
               best.url, best.listing_id, s.last_page_id as page_id
        from core.products p
        join known using (product_id)
        left join best using (product_id)
        left join core.listing_state s on s.listing_id = best.listing_id
        where p.is_active
    )
    select r.price_rule_id,
           now_.product_id, now_.sku, now_.name, %(base)s::text as base_currency, now_.is_on_offer, now_.value,
           now_.price, now_.currency, now_.source, now_.url, now_.listing_id, now_.page_id,
           past.n_days, past.lowest, past.mean, back.reference, back.reference_date,
           m.base_currency, m.is_on_offer, m.is_met, m.value, m.price, m.currency, m.told_value
    from app.price_rules r
    join now_ on r.product_id is null or r.product_id = now_.product_id
    {_PAST if has_past else _NO_PAST}
    left join app.price_rule_states m on m.price_rule_id = r.price_rule_id and m.product_id = now_.product_id
    where r.price_rule_id = any(%(rules)s)
    order by r.price_rule_id, now_.sku
    """


_MEMORY = PriceMemory.__struct_fields__


def remember(conn: psycopg.Connection, seen: Sequence[tuple[int, int, PriceMemory]]) -> int:
    """Keep what looks left behind, as (rule, product, memory), in the caller's transaction; return how many are new.

    What is as before is not written again.
    """
    if not seen:
        return 0
    names = ", ".join(_MEMORY)
    conn.execute("create temp table pricescope_looks (like app.price_rule_states including defaults) on commit drop")
    with conn.cursor().copy(f"copy pricescope_looks (price_rule_id, product_id, {names}) from stdin") as copy:
        for rule, product, memory in seen:
            copy.write_row((rule, product, *(getattr(memory, name) for name in _MEMORY)))
    kept = conn.execute(
        f"""
        insert into app.price_rule_states as s (price_rule_id, product_id, {names})
        select price_rule_id, product_id, {names} from pricescope_looks
        on conflict (price_rule_id, product_id) do update
        set {", ".join(f"{name} = excluded.{name}" for name in _MEMORY)}
        where ({columns(PriceMemory, "s.")}) is distinct from ({columns(PriceMemory, "excluded.")})
        """.encode()
    ).rowcount
    conn.execute("drop table pricescope_looks")  # a second check in the caller's transaction
    return kept


def record_events(conn: psycopg.Connection, events: Sequence[NewPriceEvent], *, run_id: str) -> None:
    """Keep what is told, in the caller's transaction."""
    conn.cursor().executemany(
        """
        insert into app.price_events (price_rule_id, product_id, kind, listing_id, page_id, value, base_currency, price,
            currency, against, change_percent, reason, notification_ids, run_id)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            (
                event.rule.price_rule_id,
                event.moment.product_id,
                event.rule.kind,
                event.moment.listing_id,
                event.moment.page_id,
                event.moment.value,
                event.moment.base_currency,
                event.moment.price,
                event.moment.currency,
                news.against,
                news.percent,
                news.reason,
                list(event.notification_ids),
                run_id,
            )
            for event in events
            if (news := event.judgement.news) is not None
        ],
    )


def list_events(conn: psycopg.Connection, *, limit: int = 50) -> list[PriceEvent]:
    """Return what was told, the newest first."""
    return read_rows(
        conn,
        PriceEvent,
        f"select {columns(PriceEvent, 'e.').replace('e.sku, e.name', 'p.sku, p.name')}"
        " from app.price_events e join core.products p using (product_id) order by e.price_event_id desc limit %s",
        (limit,),
    )
