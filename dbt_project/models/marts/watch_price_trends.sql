{{
    config(
        materialized='incremental',
        incremental_strategy='rebuild_days',
        unique_key='stat_date',
        on_schema_change='fail',
        pre_hook="set local work_mem = '64MB'",
        indexes=[{'columns': ['stat_date']}],
        post_hook="delete from {{ this }} where watch_id not in (select watch_id from {{ ref('stg_app__watches') }})",
    )
}}

-- Grain: watch x condition x day. A listing counts once a day, with the last price seen that day. The days of a watch
-- that was deleted go with it.
{% set since -%}
    {%- if is_incremental() -%}
        {{ rebuild_from() }}
    {%- else -%}
        ({{ run_date() }} - {{ trend_window_days() }})
    {%- endif -%}
{%- endset %}

with

watch_listings as (

    select * from {{ ref('stg_app__watch_listings') }}

),

watches as (

    select * from {{ ref('stg_app__watches') }}

),

listings as (

    select * from {{ ref('stg_core__listings') }}

),

last_prices as (

    {{ last_prices_of_days(since=since, on_offer=false) }}

),

seen as (

    select
        watch_listings.watch_id,
        listings.condition,
        last_prices.observed_date,
        last_prices.payable_price,
        last_prices.currency_code as listing_currency_code,
        watches.currency_code
    from last_prices
    inner join watch_listings on last_prices.listing_id = watch_listings.listing_id
    inner join watches on watch_listings.watch_id = watches.watch_id
    inner join listings on last_prices.listing_id = listings.listing_id
    where
        not watch_listings.is_blacklisted
        and listings.listing_kind = any(string_to_array(watches.wanted_kinds, ','))
        and listings.price_kind in {{ comparable_price_kinds() }}

),

rates as (

    {{ rates_of_days('seen', 'listing_currency_code', 'currency_code', 'observed_date') }}

),

priced as (

    select
        seen.watch_id,
        seen.condition,
        seen.observed_date,
        seen.currency_code,
        case
            when seen.listing_currency_code = seen.currency_code then round(seen.payable_price, 4)
            else round(seen.payable_price * rates.rate, 4)
        end as price
    from seen
    left join rates
        on
            seen.listing_currency_code = rates.from_currency_code
            and seen.currency_code = rates.to_currency_code
            and seen.observed_date = rates.rate_date

),

measured as (

    select
        watch_id,
        condition,
        observed_date as stat_date,
        currency_code as currency,
        count(*) as listings,
        avg(price) as average_price,
        min(price) as min_price,
        max(price) as max_price,
        percentile_cont(0.5) within group (order by price) as median_price
    from priced
    where price is not null
    group by watch_id, condition, observed_date, currency_code

)

select
    watch_id,
    condition,
    stat_date,
    currency,
    cast(listings as integer) as listings,
    cast(average_price as numeric(18, 4)) as average_price,
    cast(min_price as numeric(18, 4)) as min_price,
    cast(max_price as numeric(18, 4)) as max_price,
    cast(median_price as numeric(18, 4)) as median_price
from measured
{{ kept_days('stat_date', '(select min(last_prices.observed_date) from last_prices)') }}
