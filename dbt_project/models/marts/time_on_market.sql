-- Grain: scope (watch, brand or source) x its key. Listings that started within the trend window and were seen from
-- their start. The median is Kaplan and Meier's: at each time of an end, the share that went on is multiplied by one
-- minus the ends among those still followed then, so that an open listing counts as open for as long as it was seen.
with

outcomes as (

    select * from {{ ref('listing_outcomes') }}

),

watch_listings as (

    select * from {{ ref('stg_app__watch_listings') }}

),

watches as (

    select * from {{ ref('stg_app__watches') }}

),

listings as (

    select * from {{ ref('stg_core__listings') }}

),

recent as (

    select
        listing_id,
        source_name,
        brand,
        is_from_start,
        days_on_market,
        outcome = 'sold' as is_sold,
        outcome <> 'open' as is_ended,
        extract(epoch from current_timestamp - started_at) / 86400 as age_days
    from outcomes
    where started_at >= current_timestamp - make_interval(days => {{ trend_window_days() }})

),

scoped as (

    select
        'watch' as scope,
        cast(watch_listings.watch_id as text) as scope_key,
        recent.*
    from recent
    inner join watch_listings on recent.listing_id = watch_listings.listing_id
    inner join watches on watch_listings.watch_id = watches.watch_id
    inner join listings on recent.listing_id = listings.listing_id
    where
        not watch_listings.is_blacklisted
        and listings.listing_kind = any(string_to_array(watches.wanted_kinds, ','))

    union all

    select
        'brand' as scope,
        recent.brand as scope_key,
        recent.*
    from recent

    union all

    select
        'source' as scope,
        recent.source_name as scope_key,
        recent.*
    from recent

),

counted as (

    select
        scope,
        scope_key,
        count(*) filter (where is_from_start) as listings,
        count(*) filter (where is_from_start and is_ended) as ended,
        count(*) filter (where is_from_start and is_sold) as sold,
        count(*) filter (where not is_from_start) as found_late,
        count(*) filter (where is_from_start and age_days >= 7) as listings_7d,
        count(*) filter (where is_from_start and age_days >= 7 and is_ended and days_on_market <= 7) as ended_7d,
        count(*) filter (where is_from_start and age_days >= 30) as listings_30d,
        count(*) filter (where is_from_start and age_days >= 30 and is_ended and days_on_market <= 30) as ended_30d
    from scoped
    group by scope, scope_key

),

moments as (

    select
        scope,
        scope_key,
        days_on_market,
        count(*) as leaving,
        count(*) filter (where is_ended) as ended
    from scoped
    where is_from_start
    group by scope, scope_key, days_on_market

),

at_risk as (

    select
        scope,
        scope_key,
        days_on_market,
        ended,
        sum(leaving) over (partition by scope, scope_key order by days_on_market desc) as followed
    from moments

),

survival as (

    select
        scope,
        scope_key,
        days_on_market,
        -- A product by way of logarithms; the last one followed may end, and nothing is left.
        exp(
            greatest(
                sum(case when ended < followed then ln(cast(1 - ended / followed as double precision)) else -100 end)
                    over (partition by scope, scope_key order by days_on_market),
                -100
            )
        ) as share_open
    from at_risk

),

medians as (

    select
        scope,
        scope_key,
        -- Half exactly is half, whatever the last bit of the product.
        min(days_on_market) filter (where share_open <= 0.5 + 1e-9) as median_days
    from survival
    group by scope, scope_key

)

select
    counted.scope,
    counted.scope_key,
    cast(counted.listings as integer) as listings,
    cast(counted.ended as integer) as ended,
    cast(counted.sold as integer) as sold,
    cast(counted.found_late as integer) as found_late,
    medians.median_days,
    cast(counted.listings_7d as integer) as listings_7d,
    cast(cast(counted.ended_7d as numeric) / nullif(counted.listings_7d, 0) as numeric(9, 6)) as sell_through_7d,
    cast(counted.listings_30d as integer) as listings_30d,
    cast(cast(counted.ended_30d as numeric) / nullif(counted.listings_30d, 0) as numeric(9, 6)) as sell_through_30d
from counted
left join medians on counted.scope = medians.scope and counted.scope_key = medians.scope_key
