{{ config(indexes=[{'columns': ['source_name']}]) }}

-- Grain: product x source on which it was on offer within the last 31 days. Changes are against the last day on offer
-- there that lies at least so many days before the latest, as far back as 62 days from now.
with

prices as not materialized (

    select * from {{ ref('int_product_source_prices__daily') }}

),

products as (

    select * from {{ ref('stg_core__products') }}

),

latest as (

    select distinct on (product_id, source_name)
        product_id,
        source_name,
        price_date,
        currency,
        min_price,
        best_listing_id,
        offers
    from prices
    where price_date >= {{ run_date() }} - 31
    order by product_id asc, source_name asc, price_date desc

),

before as (

    select
        latest.product_id,
        latest.source_name,
    {%- for days in (1, 7, 30) %}
        max(prices.price_date) filter (
            where prices.price_date <= latest.price_date - {{ days }}
        ) as date_{{ days }}d{{ ',' if not loop.last }}
    {%- endfor %}
    from latest
    inner join prices
        on
            latest.product_id = prices.product_id
            and latest.source_name = prices.source_name
            and latest.currency = prices.currency
    group by latest.product_id, latest.source_name

)

select
    latest.product_id,
    latest.source_name,
    products.sku,
    latest.currency,
    latest.price_date,
    latest.min_price as price,
    latest.best_listing_id,
    latest.offers,
    cast(
        row_number() over (
            partition by latest.product_id order by latest.min_price asc, latest.source_name asc
        ) as integer
    ) as price_rank,
{%- for days in (1, 7, 30) %}
    price_{{ days }}d.min_price as price_{{ days }}d,
    {{ change_percent('latest.min_price', 'price_' ~ days ~ 'd.min_price') }} as change_{{ days }}d_percent
    {{- ',' if not loop.last }}
{%- endfor %}
from latest
inner join products on latest.product_id = products.product_id
inner join before
    on
        latest.product_id = before.product_id
        and latest.source_name = before.source_name
{%- for days in (1, 7, 30) %}
    left join prices as price_{{ days }}d
        on
            before.product_id = price_{{ days }}d.product_id
            and before.source_name = price_{{ days }}d.source_name
            and before.date_{{ days }}d = price_{{ days }}d.price_date
{%- endfor %}
