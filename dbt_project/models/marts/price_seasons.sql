{{
    config(
        materialized='incremental',
        incremental_strategy='once_a_month',
        on_schema_change='fail',
        pre_hook="set local work_mem = '64MB'",
    )
}}

-- Grain: scope (product or category) x subject x month of the year, of the last five years. A month's price is the mean
-- of its days' lowest, held against the mean of its year: years are counted back from the last month that is over, so
-- that each holds every month once. A month of fewer than five days, and a year of fewer than six months, say nothing.
with

days as (

    select * from {{ ref('daily_price_stats') }}
    where
        {{ 'false' if is_made_this_month() else 'true' }}
        and price_date < {{ this_month() }}
        and price_date >= {{ this_month() }} - interval '60 months'
        and min_price is not null
        and currency = {{ base_currency() }}

),

products as (

    select * from {{ ref('stg_core__products') }}

),

dated as (

    select
        product_id,
        min_price,
        cast(extract(month from price_date) as integer) as month_of_year,
        cast(
            12 * (extract(year from {{ this_month() }}) - extract(year from price_date))
            + extract(month from {{ this_month() }}) - extract(month from price_date) as integer
        ) as months_ago
    from days

),

months as (

    select
        product_id,
        month_of_year,
        (months_ago - 1) / 12 as year_number,
        avg(min_price) as mean_price
    from dated
    group by product_id, month_of_year, months_ago
    having count(*) >= 5

),

years as (

    select
        product_id,
        year_number,
        avg(mean_price) as mean_price
    from months
    group by product_id, year_number
    having count(*) >= 6

),

of_products as (

    select
        months.product_id,
        months.month_of_year,
        count(*) as years,
        avg(months.mean_price) as mean_price,
        avg(months.mean_price / years.mean_price) as price_index
    from months
    inner join years
        on
            months.product_id = years.product_id
            and months.year_number = years.year_number
    group by months.product_id, months.month_of_year

),

scoped as (

    select
        'product' as scope,
        products.sku as subject,
        of_products.month_of_year,
        1 as products,
        of_products.years,
        of_products.mean_price,
        of_products.price_index
    from of_products
    inner join products on of_products.product_id = products.product_id

    union all

    -- The median of the products: one that went its own way moves no category.
    select
        'category' as scope,
        products.category as subject,
        of_products.month_of_year,
        count(*) as products,
        max(of_products.years) as years,
        null as mean_price,
        cast(percentile_cont(0.5) within group (order by of_products.price_index) as numeric) as price_index
    from of_products
    inner join products on of_products.product_id = products.product_id
    where products.category is not null
    group by products.category, of_products.month_of_year

)

select
    scope,
    subject,
    month_of_year,
    cast({{ base_currency() }} as text) as currency,
    cast(price_index as numeric(12, 4)) as price_index,
    cast(rank() over (partition by scope, subject order by cast(price_index as numeric(12, 4)) asc) as integer)
        as price_rank,
    cast(mean_price as numeric(24, 4)) as mean_price,
    cast(products as integer) as products,
    cast(years as integer) as years,
    max(years) over (partition by scope, subject) < 2 as is_low_confidence,
    cast({{ this_month() }} - interval '1 month' as date) as until_month
from scoped
