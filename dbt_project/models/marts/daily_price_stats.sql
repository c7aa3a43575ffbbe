{{
    config(
        materialized='incremental',
        incremental_strategy='product_days',
        unique_key=['product_id', 'price_date'],
        on_schema_change='fail',
        indexes=[{'columns': ['price_date'], 'type': 'brin'}],
        post_hook=[
            "{{ covering_key(['product_id', 'price_date'],
                ['min_price', 'median_price', 'mean_price', 'max_price', 'best_source', 'currency']) }}",
            {"sql": "{{ vacuum_if_new() }}", "transaction": false},
        ],
    )
}}

-- Grain: product x day on which it was on offer anywhere. A change is against the last such day that lies at least so
-- many days back, so a day without an observation makes no hole. A run makes the look-back anew and reads no more of
-- the history; what a change is against comes from the rows stored.
{% set since = product_days_from() if is_incremental() else none %}
{% set stored = this if is_incremental() else none %}

with

prices as (

    {{ product_prices_of_days(since=since, stored=stored) }}

),

per_day as (

    select
        product_id,
        price_date,
        count(price) as offers,
        count(distinct source_name) filter (where price is not null) as sources,
        count(*) - count(price) as unconvertible,
        min(price) as min_price,
        avg(price) as mean_price,
        max(price) as max_price,
        -- Nulls come last: the first so many are the prices, lowest first.
        array_agg(price order by price asc, listing_id asc) as ordered_prices,
        (array_agg(source_name order by price asc, listing_id asc))[1] as cheapest_source
    from prices
    group by product_id, price_date

),

{% if is_incremental() -%}
touched as (

    select
        product_id,
        min(price_date) as first_day
    from per_day
    group by product_id

),

-- All that a change within the window can be against: the last 31 days before it, and the last day before those.
earlier as (

    select
        stored.product_id,
        stored.price_date,
        stored.min_price
    from {{ this }} as stored
    inner join touched on stored.product_id = touched.product_id
    where
        stored.price_date >= {{ since }} - 31
        and stored.price_date < {{ since }}
        and stored.price_date < touched.first_day
        and stored.min_price is not null
        and stored.currency = {{ base_currency() }}

    union all

    select
        touched.product_id,
        last_before.price_date,
        last_before.min_price
    from touched
    cross join lateral (
        select
            stored.price_date,
            stored.min_price
        from {{ this }} as stored
        where
            stored.product_id = touched.product_id
            and stored.price_date < least({{ since }} - 31, touched.first_day)
            and stored.min_price is not null
            and stored.currency = {{ base_currency() }}
        order by stored.price_date desc
        limit 1
    ) as last_before

),

{% endif -%}
priced as (

    select
        product_id,
        price_date,
        offers,
        sources,
        unconvertible,
        min_price,
        (ordered_prices[(offers + 1) / 2] + ordered_prices[offers / 2 + 1]) / 2 as median_price,
        mean_price,
        max_price,
        cheapest_source as best_source,
        true as is_made
    from per_day
    where offers > 0
    {%- if is_incremental() %}

    union all

    select
        product_id,
        price_date,
        null as offers,
        null as sources,
        null as unconvertible,
        min_price,
        null as median_price,
        null as mean_price,
        null as max_price,
        null as best_source,
        false as is_made
    from earlier
    {%- endif %}

),

compared as (

    select
        priced.*,
        last_value(min_price) over (
            partition by product_id order by price_date
            range between unbounded preceding and interval '1 day' preceding
        ) as min_price_1d,
        last_value(min_price) over (
            partition by product_id order by price_date
            range between unbounded preceding and interval '7 days' preceding
        ) as min_price_7d,
        last_value(min_price) over (
            partition by product_id order by price_date
            range between unbounded preceding and interval '30 days' preceding
        ) as min_price_30d
    from priced

),

made as (

    select
        product_id,
        price_date,
        offers,
        sources,
        unconvertible,
        min_price,
        median_price,
        mean_price,
        max_price,
        best_source,
        100 * (min_price - min_price_1d) / nullif(min_price_1d, 0) as change_1d_percent,
        100 * (min_price - min_price_7d) / nullif(min_price_7d, 0) as change_7d_percent,
        100 * (min_price - min_price_30d) / nullif(min_price_30d, 0) as change_30d_percent
    from compared
    where is_made

    union all

    select
        product_id,
        price_date,
        offers,
        sources,
        unconvertible,
        null as min_price,
        null as median_price,
        null as mean_price,
        null as max_price,
        null as best_source,
        null as change_1d_percent,
        null as change_7d_percent,
        null as change_30d_percent
    from per_day
    where offers = 0

)

select
    product_id,
    price_date,
    cast({{ base_currency() }} as text) as currency,
    cast(offers as integer) as offers,
    cast(sources as integer) as sources,
    cast(unconvertible as integer) as unconvertible,
    cast(min_price as numeric(24, 4)) as min_price,
    cast(median_price as numeric(24, 4)) as median_price,
    cast(mean_price as numeric(24, 4)) as mean_price,
    cast(max_price as numeric(24, 4)) as max_price,
    best_source,
    cast(change_1d_percent as numeric(24, 2)) as change_1d_percent,
    cast(change_7d_percent as numeric(24, 2)) as change_7d_percent,
    cast(change_30d_percent as numeric(24, 2)) as change_30d_percent,
    current_timestamp as computed_at
from made
{% if not is_incremental() -%}
{{ kept_from_before_the_history() }}
-- The rows lie by day: days are added and read together, and a product's are answered by the covering index.
order by price_date, product_id
{%- endif %}
