"""The statements that find pairs of watch and listing to be judged, with the statistics of dbt's marts beside them.

Belongs here: their text. Does not: running them, what their rows mean (``baselines``).
"""

from __future__ import annotations

from warehouse.fx import rate_to
from warehouse.payable import COMPARABLE, PER_MAJOR_UNIT

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

_ORDER = "order by (found.judged_at is not null), found.watch_id, found.listing_id limit %(limit)s"


def settling() -> str:
    """Return the statement that notes the newest statistics on judged pairs which they cannot turn into a deal."""
    return f"""
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
    """


def without_statistics(*, only_pending: bool) -> str:
    """Return the query of the pairs alone, for a warehouse in which dbt never ran; all pairs where not only pending."""
    pending = f"where {_NEVER_JUDGED_SO}" if only_pending else ""
    return f"with {_pairs_cte(only_pending=only_pending)} select found.* from pairs as found {pending} {_ORDER}"


def with_statistics(*, only_pending: bool) -> str:
    """Return the query of the pairs, the statistics of their groups and the ids compared with."""
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
