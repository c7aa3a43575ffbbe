"""Sizes and prices of clusters as SQL, the same where they are stored and where they are shown.

Belongs here: the two parts of a query. Does not: running it (``clusters``, ``cluster_views``).
"""

from __future__ import annotations

from domain.price_kind import COMPARABLE_KINDS

_KINDS = ", ".join(f"'{kind}'" for kind in sorted(COMPARABLE_KINDS))
# What a listing `l` costs its buyer; null where its price is none of the thing.
PRICE = f"case when l.price_kind in ({_KINDS}) then coalesce(l.total_price, l.price) end"
# The members of run %(run)s that are in a cluster; a condition on `m` may follow.
PRICED = f"""
    select
        m.cluster_id, l.kind, s.is_active, {PRICE} as price,
        case when {PRICE} is not null then l.currency end as currency
    from ml.cluster_members as m
    join core.listings as l using (listing_id)
    join core.listing_state as s using (listing_id)
    where m.cluster_run_id = %(run)s and m.cluster_id is not null
"""
# Figures of each cluster in `priced`, prices in the currency that most of them are in, those in others left out.
# The exact median is the mean of the lower and the upper one: percentile_cont knows floats only.
FIGURES = """
    select distinct on (cluster_id)
        cluster_id, currency, kind, size, n_active, lowest_price, highest_price,
        ((lower_median + upper_median) / 2)::numeric(18, 4) as median_price
    from (
        select
            cluster_id, currency, count(price) as n_priced, min(price) as lowest_price, max(price) as highest_price,
            percentile_disc(0.5) within group (order by price) as lower_median,
            percentile_disc(0.5) within group (order by price desc) as upper_median,
            (sum(count(*)) over of_cluster)::int as size,
            (sum(count(*) filter (where is_active)) over of_cluster)::int as n_active,
            min(min(kind)) over of_cluster as kind
        from priced
        group by cluster_id, currency
        window of_cluster as (partition by cluster_id)
    ) as of_currency
    order by cluster_id, n_priced desc, currency
"""
