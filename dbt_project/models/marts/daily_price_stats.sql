{{
    config(
        materialized='incremental',
        incremental_strategy='product_days',
        unique_key=['product_id', 'price_date'],
        on_schema_change='fail',
        indexes=[{'columns': ['price_date'], 'type': 'brin'}],
        pre_hook="{{ prepare_for_many_rows() }}",
        post_hook=[
            "{{ covering_key(['product_id', 'price_date'],
                ['min_price', 'median_price', 'mean_price', 'max_price', 'best_source', 'currency', 'offers',
                 'change_1d_percent', 'change_7d_percent', 'change_30d_percent']) }}",
            {"sql": "{{ vacuum_if_new() }}", "transaction": false},
        ],
    )
}}

-- Grain: product x day on which it was on offer anywhere. A change is against the last such day that lies at least so
-- many days back, so a day without an observation makes no hole. A run makes the look-back anew and reads no more of
-- the history; what a change is against comes from the rows kept.
{% set since = product_days_from() if is_incremental() else none %}
{% set stored = this if is_incremental() else none %}
{% if is_incremental() %}{{ made_from(since) }}{% endif %}

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

    -- The days on which what the window is compared with mostly lies.
    earlier as (

        select
            kept.product_id,
            kept.price_date,
            kept.min_price
        from {{ this }} as kept
        inner join touched on kept.product_id = touched.product_id
        where
            (
                kept.price_date between {{ since }} - 30 and {{ run_date() }} - 30
                or kept.price_date between {{ since }} - 7 and {{ run_date() }} - 7
                or kept.price_date = {{ since }} - 1
            )
            and kept.price_date < {{ since }}
            and kept.price_date < touched.first_day
            and kept.min_price is not null
            and kept.currency = {{ base_currency() }}

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
        -- A number, because a range of dates steps by interval, which is slow.
        price_date - cast('2000-01-01' as date) as day_number
    from per_day
    where offers > 0

),

within as (

    select
        priced.*,
    {%- for days in (1, 7, 30) %}
        last_value(priced.min_price) over (
            partition by priced.product_id order by priced.day_number
            range between unbounded preceding and {{ days }} preceding
            ) as min_price_{{ days }}d{{ ',' if not loop.last }}
    {%- endfor %}
    from priced

),

compared as (

    {% if not is_incremental() -%}
        select * from within
    {%- else -%}
        select
            within.product_id,
            within.price_date,
            within.offers,
            within.sources,
            within.unconvertible,
            within.min_price,
            within.median_price,
            within.mean_price,
            within.max_price,
            within.best_source,
        {%- for days in (1, 7, 30) %}
        -- Of the days made, of the stored day itself, or searched for.
            coalesce(
                within.min_price_{{ days }}d,
                earlier_{{ days }}d.min_price,
                (
                    select kept.min_price
                    from {{ this }} as kept
                    where
                        kept.product_id = within.product_id
                        and kept.price_date <= within.price_date - {{ days }}
                        and kept.price_date < touched.first_day
                        and kept.price_date < {{ since }}
                        and kept.min_price is not null
                        and kept.currency = {{ base_currency() }}
                    order by kept.price_date desc
                    limit 1
                )
            ) as min_price_{{ days }}d{{ ',' if not loop.last }}
        {%- endfor %}
        from within
        inner join touched on within.product_id = touched.product_id
        {%- for days in (1, 7, 30) %}
            left join earlier as earlier_{{ days }}d
                on
                    within.product_id = earlier_{{ days }}d.product_id
                    and within.price_date - {{ days }} = earlier_{{ days }}d.price_date
                    -- No more of them than may be the day.
                    and earlier_{{ days }}d.price_date >= {{ since }} - {{ days }}
                    and earlier_{{ days }}d.price_date <= {{ run_date() }} - {{ days }}
        {%- endfor %}
    {%- endif %}

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
    {{ kept_days('price_date', '(select min(per_day.price_date) from per_day)') }}
    -- The rows lie by day: days are added and read together, and a product's are answered by the covering index.
    order by price_date, product_id
{%- endif %}
