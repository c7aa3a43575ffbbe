{{
    config(
        materialized='incremental',
        incremental_strategy='product_days',
        unique_key=['product_id', 'source_name', 'price_date'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['product_id', 'source_name', 'price_date'], 'unique': true},
            {'columns': ['price_date'], 'type': 'brin'},
        ],
        pre_hook="{{ prepare_for_many_rows() }}",
        post_hook="{{ analyze_table() }}",
        meta={'kept_days': 62},
    )
}}

-- Grain: product x source x day on which it was on offer there; of the days that changes over a month need, for a price
-- that may itself be a month old.
{% set kept_days = 62 %}
{% set since = product_days_from(kept_days) if is_incremental() else '(' ~ run_date() ~ ' - ' ~ kept_days ~ ')' %}
{% set stored = this if is_incremental() else none %}
{% if is_incremental() %}{{ made_from(since) }}{% endif %}

with

prices as (

    {{ product_prices_of_days(since=since, stored=stored, floor='(' ~ run_date() ~ ' - ' ~ kept_days ~ ')') }}

)

select
    product_id,
    source_name,
    price_date,
    cast({{ base_currency() }} as text) as currency,
    cast(count(*) as integer) as offers,
    cast(min(price) as numeric(24, 4)) as min_price,
    (array_agg(listing_id order by price asc, listing_id asc))[1] as best_listing_id,
    current_timestamp as computed_at
from prices
where price is not null
group by product_id, source_name, price_date
