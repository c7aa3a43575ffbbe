{{ config(indexes=[{'columns': ['stat_date']}]) }}

-- Grain: watch x condition x day. A listing counts once a day, with the last price seen that day.
with

daily as (

    select * from {{ ref('int_watch_prices__daily') }}

)

select
    watch_id,
    condition,
    observed_date as stat_date,
    currency_code as currency,
    cast(count(*) as integer) as listings,
    cast(avg(price) as numeric(18, 4)) as average_price,
    cast(min(price) as numeric(18, 4)) as min_price,
    cast(max(price) as numeric(18, 4)) as max_price,
    cast(percentile_cont(0.5) within group (order by price) as numeric(18, 4)) as median_price
from daily
where price is not null
group by watch_id, condition, observed_date, currency_code
