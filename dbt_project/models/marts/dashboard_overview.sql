-- One row: what the first page of the dashboard shows of the products, so that it is one tiny read.
with

products as (

    select * from {{ ref('product_stats') }}

),

source_changes as (

    select * from {{ ref('product_source_changes') }}

),

drops as (

    select * from {{ ref('price_drops') }}

),

rises as (

    select * from {{ ref('price_rises') }}

),

lows as (

    select * from {{ ref('all_time_lows') }}

),

moves as (

    select
        'drop' as direction,
        window_days,
        price_rank,
        sku,
        name,
        price,
        previous_price,
        change_percent,
        best_source
    from drops

    union all

    select
        'rise' as direction,
        window_days,
        price_rank,
        sku,
        name,
        price,
        previous_price,
        change_percent,
        best_source
    from rises

),

tops as (

    select
        direction,
        window_days,
        count(*) as moved,
        jsonb_agg(
            jsonb_build_object(
                'sku', sku,
                'name', name,
                'price', price,
                'previous_price', previous_price,
                'change_percent', change_percent,
                'source', best_source
            )
            order by price_rank asc
        ) filter (where price_rank <= 10) as biggest
    from moves
    group by direction, window_days

),

moved as (

    select
        {%- for days in (1, 7, 30) %}
            coalesce(sum(moved) filter (where direction = 'drop' and window_days = {{ days }}), 0) as drops_{{ days }}d,
            coalesce(sum(moved) filter (where direction = 'rise' and window_days = {{ days }}), 0) as rises_{{ days }}d,
        {%- endfor %}
        coalesce(jsonb_object_agg(window_days, biggest) filter (where direction = 'drop'), '{}') as top_drops,
        coalesce(jsonb_object_agg(window_days, biggest) filter (where direction = 'rise'), '{}') as top_rises
    from tops

),

low as (

    select
        count(*) as all_time_lows,
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'sku', sku,
                    'name', name,
                    'price', price,
                    'below_mean_percent', below_mean_percent,
                    'source', best_source
                )
                order by price_rank asc
            ) filter (where price_rank <= 10), '[]'
        ) as top_lows
    from lows

),

counted as (

    select
        count(*) as products,
        count(*) filter (where is_on_offer) as products_on_offer,
        coalesce(sum(offers) filter (where is_on_offer), 0) as offers,
        max(price_date) as price_date,
        max(last_checked_at) as last_checked_at
    from products

),

selling as (

    select count(distinct source_name) as sources
    from source_changes
    where price_date >= {{ run_date() }} - 1

)

select
    cast({{ base_currency() }} as text) as currency,
    counted.price_date,
    counted.last_checked_at,
    cast(counted.products as integer) as products,
    cast(counted.products_on_offer as integer) as products_on_offer,
    cast(counted.offers as integer) as offers,
    cast(selling.sources as integer) as sources,
    {%- for days in (1, 7, 30) %}
        cast(moved.drops_{{ days }}d as integer) as drops_{{ days }}d,
        cast(moved.rises_{{ days }}d as integer) as rises_{{ days }}d,
    {%- endfor %}
    cast(low.all_time_lows as integer) as all_time_lows,
    moved.top_drops,
    moved.top_rises,
    low.top_lows,
    current_timestamp as computed_at
from counted
cross join selling
cross join moved
cross join low
