-- How the lowest price of each product on offer moved over 1, 7 and 30 days: windows x products, drops first.
with

products as (

    select * from {{ ref('product_stats') }}

),

days as (

    select * from {{ ref('daily_price_stats') }}

),

moves as (

    {%- for days in (1, 7, 30) %}
        select
            {{ days }} as window_days,
            products.product_id,
            products.price_date,
            products.price,
            products.currency,
            products.change_{{ days }}d_percent as change_percent
        from products
        where
            products.price_date >= {{ run_date() }} - {{ days }}
            and products.change_{{ days }}d_percent <> 0
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}

),

compared as (

    select
        moves.*,
        previous.price_date as previous_date,
        previous.min_price as previous_price
    from moves
    cross join lateral (
        select
            days.price_date,
            days.min_price
        from days
        where
            days.product_id = moves.product_id
            and days.price_date <= moves.price_date - moves.window_days
            and days.min_price is not null
            and days.currency = moves.currency
        order by days.price_date desc
        limit 1
    ) as previous

)

select
    window_days,
    product_id,
    price_date,
    price,
    previous_date,
    previous_price,
    currency,
    price - previous_price as change_amount,
    change_percent,
    row_number() over (
        partition by window_days order by change_percent asc, price - previous_price asc, product_id asc
    ) as drop_rank,
    row_number() over (
        partition by window_days order by change_percent desc, price - previous_price desc, product_id asc
    ) as rise_rank
from compared
