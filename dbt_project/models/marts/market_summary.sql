-- Grain: look-back x source, and source 'all'. Of the listings seen within the look-back, at the last price of each:
-- what is on offer now, not its past, so nothing older than the present state is read.
with

listings as (

    select * from {{ ref('stg_core__listings') }}

),

states as (

    select * from {{ ref('stg_core__listing_states') }}

),

look_backs as (

    select unnest(array[7, 30, 90]) as lookback_days

),

found as (

    select
        states.listing_id,
        listings.source_name,
        listings.brand,
        states.currency_code,
        states.last_seen_at,
        cast(states.last_seen_at at time zone 'UTC' as date) as seen_date,
        listings.listing_kind = 'normal' as is_thing_itself,
        case
            when
                listings.price_kind in {{ comparable_price_kinds() }}
                and listings.listing_kind = 'normal'
                and states.payable_price > 0
                then states.payable_price
        end as payable_price
    from states
    inner join listings on states.listing_id = listings.listing_id
    where states.last_seen_at >= current_timestamp - interval '90 days'

),

rates as (

    {{ rates_of_days('found', 'currency_code', base_currency(), 'seen_date') }}

),

priced as (

    select
        look_backs.lookback_days,
        found.source_name,
        found.brand,
        found.is_thing_itself,
        found.payable_price is not null as is_comparable,
        case
            when found.currency_code = {{ base_currency() }} then round(found.payable_price, 4)
            else round(found.payable_price * rates.rate, 4)
        end as price
    from found
    inner join look_backs
        on found.last_seen_at >= current_timestamp - make_interval(days => look_backs.lookback_days)
    left join rates
        on
            found.currency_code = rates.from_currency_code
            and found.seen_date = rates.rate_date

),

summed as (

    select
        lookback_days,
        case when grouping(source_name) = 1 then 'all' else source_name end as source_name,
        count(*) as listings,
        count(*) filter (where not is_thing_itself) as other_kinds,
        count(price) as priced,
        count(*) filter (where is_comparable and price is null) as unconvertible,
        count(distinct brand) filter (where brand <> 'unknown') as brands,
        avg(price) as mean_price,
        percentile_cont(0.5) within group (order by price) as median_price,
        min(price) as min_price,
        max(price) as max_price
    from priced
    group by lookback_days, grouping sets ((source_name), ())

),

brand_volumes as (

    select
        lookback_days,
        case when grouping(source_name) = 1 then 'all' else source_name end as source_name,
        brand,
        count(*) as listings
    from priced
    where brand <> 'unknown'
    group by lookback_days, brand, grouping sets ((source_name), ())

),

brand_ranks as (

    select
        lookback_days,
        source_name,
        brand,
        listings,
        row_number() over (partition by lookback_days, source_name order by listings desc, brand asc) as place
    from brand_volumes

),

top_brands as (

    select
        lookback_days,
        source_name,
        jsonb_agg(jsonb_build_object('brand', brand, 'listings', listings) order by place) as top_brands
    from brand_ranks
    where place <= 5
    group by lookback_days, source_name

)

select
    summed.lookback_days,
    summed.source_name,
    cast({{ base_currency() }} as text) as currency,
    cast(summed.listings as integer) as listings,
    cast(summed.other_kinds as integer) as other_kinds,
    cast(summed.priced as integer) as priced,
    cast(summed.unconvertible as integer) as unconvertible,
    cast(summed.brands as integer) as brands,
    cast(summed.mean_price as numeric(38, 4)) as mean_price,
    cast(summed.median_price as numeric(38, 4)) as median_price,
    cast(summed.min_price as numeric(38, 4)) as min_price,
    cast(summed.max_price as numeric(38, 4)) as max_price,
    coalesce(top_brands.top_brands, cast('[]' as jsonb)) as top_brands
from summed
left join top_brands
    on
        summed.lookback_days = top_brands.lookback_days
        and summed.source_name = top_brands.source_name
