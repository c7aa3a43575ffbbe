"""Candidates for the deal rules with their statistics, and the note that they were judged. Set-based throughout.

Belongs here: the SQL that finds what needs a verdict and reads its comparables from dbt's marts. Does not: the rules.

A candidate is left out of its own statistics exactly. Where it is no member of its group yet (the usual case: it was
first seen after dbt ran) the mart's figures are taken as they are. Where it is one, mean and standard deviation follow
from the group's by subtraction, median and percentile from two look-ups by rank (``marts.watch_comparables`` ranks each
group by price), so a judge pass sorts nothing. The MAD cannot be had so and no rule reads it: it is None for members.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import psycopg
from psycopg.rows import DictRow, dict_row

from domain.condition import Condition
from domain.listing_kind import ListingKind
from domain.price_kind import PriceKind
from domain.statistics import Candidate, GroupStatistics
from warehouse.fx import rate_to
from warehouse.payable import COMPARABLE, PER_MAJOR_UNIT

DEFAULT_LIMIT = 5000
MAX_COMPARABLE_IDS = 50


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What is noted of a verdict.

    Attributes:
        total_minor: the candidate's payable price that was judged, minor units of the listing's own currency.
        baseline_at: ``computed_at`` of the statistics seen (UTC); None where there were none.
        verdict: the overall verdict, a value of ``domain.deal.VerdictKind``.
    """

    watch_id: int
    listing_id: int
    total_minor: int
    baseline_at: datetime | None
    verdict: str


def judged(candidate: Candidate, verdict: str) -> Judged:
    """Return the note that ``candidate`` got ``verdict`` on the statistics it carries."""
    return Judged(
        watch_id=candidate.watch_id,
        listing_id=candidate.listing_id,
        total_minor=candidate.total_minor,
        baseline_at=max((group.computed_at for group in candidate.groups), default=None),
        verdict=verdict,
    )


def candidates(
    conn: psycopg.Connection[Any],
    *,
    watch_id: int | None = None,
    listing_id: int | None = None,
    only_pending: bool = True,
    limit: int = DEFAULT_LIMIT,
) -> list[Candidate]:
    """Return pairs of watch and listing to be judged, those that never were first; works before dbt ever ran.

    Pending is a pair of a running watch and a listing that can be bought now at a price that compares (a bid or a
    "from" price does not), whose payable price differs from the one
    last judged, or that was never judged, or whose watch was edited since, or whose watch's statistics are newer than
    those of its verdict while its price lies under the group's middle (above it no rule on statistics can fire; see
    ``settle_unmoved``).

    Args:
        conn: any psycopg connection; nothing is written.
        watch_id: only this watch.
        listing_id: only this listing.
        only_pending: False returns every pair that matches, whatever its state, for ``explain``.
        limit: at most so many; call again after ``mark_judged`` while it returns that many.
    """
    has_marts = _has_marts(conn)
    arguments = {
        "watch_id": watch_id,
        "listing_id": listing_id,
        "limit": limit,
        "ids": MAX_COMPARABLE_IDS,
    }
    statement = _with_statistics(only_pending) if has_marts else _without_statistics(only_pending)
    with conn.cursor(row_factory=dict_row) as cursor:
        cursor.execute(statement, arguments)
        return [_candidate(row, with_groups=has_marts) for row in cursor]


def mark_judged(conn: psycopg.Connection[Any], results: Iterable[Judged]) -> int:
    """Note the verdicts in one statement, in the caller's transaction; return how many pairs were noted."""
    notes = list(results)
    if not notes:
        return 0
    cursor = conn.execute(
        """
        update app.watch_listings as wl
        set
            judged_total_minor = note.total_minor,
            judged_baseline_at = note.baseline_at,
            judged_at = now(),
            verdict = note.verdict
        from unnest(
            %(watches)s::bigint[], %(listings)s::bigint[], %(totals)s::bigint[], %(baselines)s::timestamptz[],
            %(verdicts)s::text[]
        ) as note (watch_id, listing_id, total_minor, baseline_at, verdict)
        where wl.watch_id = note.watch_id and wl.listing_id = note.listing_id
        """,
        {
            "watches": [note.watch_id for note in notes],
            "listings": [note.listing_id for note in notes],
            "totals": [note.total_minor for note in notes],
            "baselines": [note.baseline_at for note in notes],
            "verdicts": [note.verdict for note in notes],
        },
    )
    return cursor.rowcount


def settle_unmoved(conn: psycopg.Connection[Any], *, watch_id: int | None = None) -> int:
    """Note the newest statistics on every judged pair that they cannot turn into a deal; return how many.

    Call it after a judge pass. It only spares the next passes from weighing the same pairs again.
    """
    if not _has_marts(conn):
        return 0
    cursor = conn.execute(
        f"""
        with {_pairs_cte(only_pending=True)}, {_FOUND_STATISTICS}
        update app.watch_listings as wl
        set judged_baseline_at = found.newest_at
        from found
        where
            wl.watch_id = found.watch_id
            and wl.listing_id = found.listing_id
            and not ({_NEVER_JUDGED_SO})
            and found.newest_at > coalesce(found.judged_baseline_at, '-infinity')
            and not ({_CAN_BE_UNDER})
        """,
        {"watch_id": watch_id, "listing_id": None},
    )
    return cursor.rowcount


# ---------------------------------------------------------------- rows to candidates


def _candidate(row: DictRow, *, with_groups: bool) -> Candidate:
    groups: tuple[GroupStatistics, ...] = ()
    if with_groups:
        both = (_group(row, "condition", "c"), _group(row, "watch", "a"))
        groups = tuple(group for group in both if group is not None)
    return Candidate(
        watch_id=row["watch_id"],
        listing_id=row["listing_id"],
        title=row["title"],
        description=row["description"],
        condition=Condition(row["condition"]),
        price=row["price"],
        currency=row["currency"],
        total_minor=row["total_minor"],
        listing_currency=row["listing_currency"],
        is_blacklisted=row["is_blacklisted"],
        groups=groups,
        page_id=row["page_id"],
        is_initial=row["is_initial"],
        judged_total_minor=row["judged_total_minor"],
        price_kind=PriceKind(row["price_kind"]),
        kind=ListingKind(row["kind"]),
        kind_reason=row["kind_reason"],
        brand=row["brand"] or "",
    )


def _group(row: DictRow, level: str, prefix: str) -> GroupStatistics | None:
    n = row[f"{prefix}_n"]
    if n is None:
        return None
    left_out = row[f"{prefix}_rank"] is not None
    mean, stddev = row[f"{prefix}_mean"], row[f"{prefix}_stddev"]
    log_mean, log_stddev = row[f"{prefix}_log_mean"], row[f"{prefix}_log_stddev"]
    if left_out:
        mean, stddev = _without(n, mean, stddev, row["own_price"])
        log_mean, log_stddev = _without_log(n, log_mean, log_stddev, row["own_log_price"])
        n -= 1
    if n < 1:
        return None
    return GroupStatistics(
        level=level,
        n=n,
        window_days=row["window_days"],
        computed_at=row["newest_at"],
        mean=mean,
        stddev=stddev,
        median=row[f"{prefix}_median"],
        log_mean=log_mean,
        log_stddev=log_stddev,
        log_median=row[f"{prefix}_log_median"],
        log_q10=row[f"{prefix}_log_q10"],
        log_mad=None if left_out else row[f"{prefix}_log_mad"],
        comparable_ids=tuple(row["comparable_ids"] or ()) if row["ids_level"] == level else (),
    )


def _without(
    n: int, mean: Decimal | None, stddev: Decimal | None, own: Decimal
) -> tuple[Decimal | None, Decimal | None]:
    """Return mean and sample standard deviation of the n prices without ``own``; None where they are undefined."""
    if mean is None or n < 2:
        return None, None
    rest = mean + (mean - own) / (n - 1)
    if stddev is None or n < 3:
        return rest, None
    squares = (n - 1) * stddev * stddev - (own - mean) ** 2 * n / (n - 1)
    return rest, (max(squares, Decimal(0)) / (n - 2)).sqrt()


def _without_log(n: int, mean: float | None, stddev: float | None, own: float) -> tuple[float | None, float | None]:
    if mean is None or n < 2:
        return None, None
    rest = mean + (mean - own) / (n - 1)
    if stddev is None or n < 3:
        return rest, None
    squares = (n - 1) * stddev * stddev - (own - mean) ** 2 * n / (n - 1)
    return rest, math.sqrt(max(squares, 0.0) / (n - 2))


# ---------------------------------------------------------------- SQL

# A price judged before, or an edit of the watch after it; the alias is the CTE's that carries the pair.
_NEVER_JUDGED_SO = """
    found.judged_total_minor is distinct from found.total_minor
    or found.watch_updated_at > found.judged_at
"""

# Conservative: rules ask for a price well under the middle of its group or of its parent, with or without itself. The
# price model may expect more of a thing than its group's middle: there what it said last decides.
_CAN_BE_UNDER = """
    coalesce(found.verdict = 'not_enough_data', false)
    or coalesce(found.price < greatest(found.c_median, found.a_median), false)
    or (
        'mean_sigma' = any(found.rules)
        and coalesce(found.price < greatest(found.c_mean, found.a_mean), false)
    )
    or (
        'model' = any(found.rules)
        and exists (
            select from ml.fair_prices as f
            where f.watch_id = found.watch_id and f.listing_id = found.listing_id and f.verdict = 'deal'
        )
    )
"""

_FOUND_STATISTICS = """
    found as (
        select
            pairs.*,
            c.n as c_n, c.mean as c_mean, c.stddev as c_stddev, c.median as c_median, c.log_mean as c_log_mean,
            c.log_stddev as c_log_stddev, c.log_median as c_log_median, c.log_q10 as c_log_q10, c.log_mad as c_log_mad,
            a.n as a_n, a.mean as a_mean, a.stddev as a_stddev, a.median as a_median, a.log_mean as a_log_mean,
            a.log_stddev as a_log_stddev, a.log_median as a_log_median, a.log_q10 as a_log_q10, a.log_mad as a_log_mad,
            coalesce(c.window_days, a.window_days) as window_days,
            coalesce(c.computed_at, a.computed_at) as newest_at
        from pairs
        left join marts.watch_condition_stats as c
            on pairs.watch_id = c.watch_id and pairs.condition = c.condition
        left join marts.watch_condition_stats as a
            on pairs.watch_id = a.watch_id and a.condition = 'all'
    )
"""


def _has_marts(conn: psycopg.Connection[Any]) -> bool:
    row = conn.execute(
        "select to_regclass('marts.watch_condition_stats') is not null "
        "and to_regclass('marts.watch_comparables') is not null"
    ).fetchone()
    return row is not None and bool(row[0])


def _pairs_cte(*, only_pending: bool) -> str:
    """Return the CTEs of all pairs in question, with the payable price in the watch's currency at today's rate.

    The conversion is that of ``int_fx_rates__crossed``: the latest day on which both currencies have a rate in one
    base. Rounded like ``marts.watch_comparables``.
    """
    running = (
        "and w.is_active and s.is_active and s.availability in ('available', 'unknown')"
        f" and l.price_kind in ({COMPARABLE})"
        if only_pending
        else ""
    )
    return f"""
    unpriced as (
        select
            wl.watch_id, wl.listing_id, wl.is_blacklisted, wl.judged_total_minor, wl.judged_baseline_at, wl.judged_at,
            wl.verdict, w.currency, w.min_comparables, w.rules, w.updated_at as watch_updated_at, l.title,
            l.description, l.condition, l.brand, l.price_kind, l.kind, l.kind_reason, s.currency as listing_currency,
            s.last_page_id as page_id, wl.is_initial,
            coalesce(s.total_minor, s.price_minor) as total_minor,
            coalesce(s.total_minor, s.price_minor) / {PER_MAJOR_UNIT} as own_amount
        from app.watch_listings as wl
        inner join app.watches as w on wl.watch_id = w.watch_id
        inner join core.listing_state as s on wl.listing_id = s.listing_id
        inner join core.listings as l on wl.listing_id = l.listing_id
        where
            (%(watch_id)s::bigint is null or wl.watch_id = %(watch_id)s)
            and (%(listing_id)s::bigint is null or wl.listing_id = %(listing_id)s)
            {running}
    ),

    rates as materialized (
        select
            needed.listing_currency,
            needed.currency,
            {rate_to("needed.listing_currency", "needed.currency", "(now() at time zone 'UTC')::date")} as rate
        from (
            select distinct listing_currency, currency from unpriced where listing_currency <> currency
        ) as needed
    ),

    pairs as (
        select
            unpriced.*,
            round(
                case
                    when unpriced.listing_currency = unpriced.currency then unpriced.own_amount
                    else unpriced.own_amount * rates.rate
                end,
                4
            ) as price
        from unpriced
        left join rates
            on unpriced.listing_currency = rates.listing_currency and unpriced.currency = rates.currency
    )
    """


_ORDER = "order by (found.judged_at is not null), found.watch_id, found.listing_id limit %(limit)s"


def _without_statistics(only_pending: bool) -> str:
    pending = f"where {_NEVER_JUDGED_SO}" if only_pending else ""
    return f"with {_pairs_cte(only_pending=only_pending)} select found.* from pairs as found {pending} {_ORDER}"


def _with_statistics(only_pending: bool) -> str:
    pending = (
        f"""
        where
            {_NEVER_JUDGED_SO}
            or (found.newest_at > coalesce(found.judged_baseline_at, '-infinity') and ({_CAN_BE_UNDER}))
        """
        if only_pending
        else ""
    )
    return f"""
    with {_pairs_cte(only_pending=only_pending)},
    {_FOUND_STATISTICS},

    wanted as materialized (
        select
            found.*,
            own.price as own_price,
            own.log_price as own_log_price,
            case when own.condition = found.condition then own.condition_rank end as c_rank,
            own.watch_rank as a_rank
        from (select found.* from found {pending} {_ORDER}) as found
        left join marts.watch_comparables as own
            on found.watch_id = own.watch_id and found.listing_id = own.listing_id
    ),

    placed as (
        select
            wanted.*,
            case
                when wanted.c_n - (wanted.c_rank is not null)::int >= wanted.min_comparables then 'condition'
                when wanted.condition = 'for_parts' then 'condition'
                else 'watch'
            end as ids_level
        from wanted
    )

    select
        placed.watch_id, placed.listing_id, placed.title, placed.description, placed.condition, placed.price,
        placed.currency, placed.total_minor, placed.listing_currency, placed.is_blacklisted, placed.window_days,
        placed.page_id, placed.is_initial, placed.judged_total_minor, placed.price_kind,
        placed.kind, placed.kind_reason, placed.brand,
        placed.newest_at, placed.own_price, placed.own_log_price, placed.ids_level,
        {_group_columns("c", "condition_rank", "and near.condition = placed.condition")},
        {_group_columns("a", "watch_rank", "")},
        coalesce(in_condition.ids, in_watch.ids) as comparable_ids
    from placed
    {_nearest("in_condition", "condition", "and near.condition = placed.condition")}
    {_nearest("in_watch", "watch", "and near.watch_rank is not null")}
    order by placed.watch_id, placed.listing_id
    """


def _group_columns(prefix: str, rank: str, within: str) -> str:
    """Return the select list of one group, its order statistics without the candidate where it is a member."""
    plain = ", ".join(
        f"placed.{prefix}_{name}" for name in ("n", "rank", "mean", "stddev", "log_mean", "log_stddev", "log_mad")
    )
    quantiles = ", ".join(
        f"case when placed.{prefix}_rank is null then placed.{prefix}_{name} "
        f"else {_quantile(prefix, rank, within, column, share)} end as {prefix}_{name}"
        for name, column, share in (
            ("median", "price", "0.5"),
            ("log_median", "log_price", "0.5"),
            ("log_q10", "log_price", "0.1"),
        )
    )
    return f"{plain}, {quantiles}"


def _quantile(prefix: str, rank: str, within: str, column: str, share: str) -> str:
    """Return SQL for percentile_cont(share) of the group without the candidate, by two look-ups.

    Of the n - 1 that remain, the one at 0-based place j has rank j + 1 where that lies before the candidate's own
    rank, else j + 2.
    """
    place = f"{share} * (placed.{prefix}_n - 2)"

    def at(rounded: str) -> str:
        return (
            f"(select near.{column} from marts.watch_comparables as near "
            f"where near.watch_id = placed.watch_id {within} "
            f"and near.{rank} = {rounded}({place})::int + 1 "
            f"+ ({rounded}({place})::int + 1 >= placed.{prefix}_rank)::int)"
        )

    low, high = at("floor"), at("ceil")
    return f"({low} + ({place} - floor({place})) * ({high} - {low}))"


def _nearest(alias: str, level: str, within: str) -> str:
    """Return the lateral join that collects the comparables nearest in price, from both sides along the index."""

    def side(comparison: str, direction: str) -> str:
        return f"""(
            select near.listing_id, abs(near.price - placed.price) as distance
            from marts.watch_comparables as near
            where
                near.watch_id = placed.watch_id {within}
                and near.price {comparison} placed.price
                and near.listing_id <> placed.listing_id
            order by near.price {direction}, near.listing_id {direction}
            limit %(ids)s
        )"""

    return f"""
    left join lateral (
        select array_agg(nearest.listing_id order by nearest.distance, nearest.listing_id) as ids
        from (
            select both_sides.listing_id, both_sides.distance
            from ({side("<=", "desc")} union all {side(">", "asc")}) as both_sides
            order by both_sides.distance, both_sides.listing_id
            limit %(ids)s
        ) as nearest
    ) as {alias} on placed.ids_level = '{level}'
    """
