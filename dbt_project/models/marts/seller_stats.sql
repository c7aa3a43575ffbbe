{{ config(indexes=[{'columns': ['source_name', 'listings']}]) }}

-- Grain: seller, by our id alone: no login and no name leaves core.sellers for the statistics.
with

outcomes as (

    select * from {{ ref('int_listing_outcomes__dated') }}

),

states as (

    select * from {{ ref('stg_core__listing_states') }}

),

valued as (

    select * from {{ ref('int_watch_listings__valued') }}

),

groups as (

    select * from {{ ref('watch_condition_stats') }}

),

-- Against its own condition where that has eight comparables, as the rules do, else against its watch.
compared as (

    select
        valued.listing_id,
        avg(valued.price / coalesce(condition_groups.median, watch_groups.median)) as price_ratio
    from valued
    left join groups as condition_groups
        on
            valued.watch_id = condition_groups.watch_id
            and valued.condition = condition_groups.condition
            and condition_groups.n >= 8
            and condition_groups.median > 0
    left join groups as watch_groups
        on
            valued.watch_id = watch_groups.watch_id
            and watch_groups.condition = 'all'
            and valued.condition <> 'for_parts'
            and watch_groups.n >= 8
            and watch_groups.median > 0
    where
        valued.price > 0
        and coalesce(condition_groups.median, watch_groups.median) is not null
    group by valued.listing_id

)

select
    outcomes.seller_id,
    min(outcomes.source_name) as source_name,
    cast(count(*) as integer) as listings,
    cast(count(*) filter (where states.is_active and outcomes.outcome = 'open') as integer) as active_listings,
    cast(count(*) filter (where outcomes.outcome = 'sold') as integer) as sold,
    cast(count(*) filter (where outcomes.outcome = 'gone') as integer) as gone,
    cast(avg(case when outcomes.outcome = 'open' then 0 else 1 end) as numeric(9, 6)) as sell_through,
    cast(count(compared.price_ratio) as integer) as compared_listings,
    cast(
        percentile_cont(0.5) within group (order by compared.price_ratio) as numeric(24, 4)
    ) as median_price_ratio,
    min(outcomes.started_at) as first_seen_at,
    max(outcomes.last_seen_at) as last_seen_at
from outcomes
inner join states on outcomes.listing_id = states.listing_id
left join compared on outcomes.listing_id = compared.listing_id
where outcomes.seller_id is not null
group by outcomes.seller_id
