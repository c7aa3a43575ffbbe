{{ config(indexes=[{'columns': ['sku'], 'unique': true}, {'columns': ['category']}]) }}

-- Grain: product, of all of them. What its lowest prices by day say as a whole; prices are in the base currency.
with

products as (

    select * from {{ ref('stg_core__products') }}

),

-- Read three times for little each: set aside, a year of it would fill the disk's cache.
days as not materialized (

    select * from {{ ref('daily_price_stats') }}
    where
        min_price is not null
        and currency = {{ base_currency() }}

),

offers as (

    select * from {{ ref('int_product_offers__linked') }}

),

states as (

    select * from {{ ref('stg_core__listing_states') }}

),

measured as (

    select
        product_id,
        count(*) as n_days,
        min(price_date) as first_date,
        max(price_date) as last_date,
        min(min_price) as min_price,
        max(min_price) as max_price,
        avg(min_price) as mean_price,
        min(min_price) filter (where price_date > {{ run_date() }} - 30) as min_price_30d,
        max(min_price) filter (where price_date > {{ run_date() }} - 30) as max_price_30d,
        avg(min_price) filter (where price_date > {{ run_date() }} - 30) as mean_price_30d
    from days
    group by product_id

),

-- Days on which it was cheaper than now, and the last day of its lowest price.
compared as (

    select
        measured.product_id,
        count(*) filter (where days.min_price < latest.min_price) as cheaper_days,
        max(days.price_date) filter (where days.min_price = measured.min_price) as low_date
    from measured
    inner join days as latest
        on
            measured.product_id = latest.product_id
            and measured.last_date = latest.price_date
    inner join days on measured.product_id = days.product_id
    group by measured.product_id

),

checked as (

    select
        offers.product_id,
        max(states.last_seen_at) as last_checked_at
    from offers
    inner join states on offers.listing_id = states.listing_id
    group by offers.product_id

)

select
    products.product_id,
    products.sku,
    products.name,
    products.category,
    cast({{ base_currency() }} as text) as currency,
    measured.last_date as price_date,
    latest.min_price as price,
    latest.best_source,
    cast(coalesce(latest.offers, 0) as integer) as offers,
    cast(coalesce(latest.sources, 0) as integer) as sources,
    coalesce(measured.last_date >= {{ run_date() }} - 1, false) as is_on_offer,
    checked.last_checked_at,
    cast(coalesce(measured.n_days, 0) as integer) as n_days,
    coalesce(measured.n_days, 0) < 14 as is_low_confidence,
    measured.first_date,
    measured.min_price,
    cast(measured.mean_price as numeric(24, 4)) as mean_price,
    measured.max_price,
    measured.min_price_30d,
    cast(measured.mean_price_30d as numeric(24, 4)) as mean_price_30d,
    measured.max_price_30d,
    compared.low_date,
    coalesce(latest.min_price = measured.min_price and measured.min_price < measured.max_price, false)
        as is_all_time_low,
    cast(100 * compared.cheaper_days / cast(measured.n_days as numeric) as numeric(5, 2)) as price_percentile,
    days_1d.price_date as date_1d,
    days_1d.min_price as price_1d,
    latest.change_1d_percent,
    days_7d.price_date as date_7d,
    days_7d.min_price as price_7d,
    latest.change_7d_percent,
    days_30d.price_date as date_30d,
    days_30d.min_price as price_30d,
    latest.change_30d_percent
from products
left join measured on products.product_id = measured.product_id
left join days as latest
    on
        measured.product_id = latest.product_id
        and measured.last_date = latest.price_date
left join compared on products.product_id = compared.product_id
left join checked on products.product_id = checked.product_id
left join lateral (
    select
        days.price_date,
        days.min_price
    from days
    where
        days.product_id = measured.product_id
        and days.price_date <= measured.last_date - 1
    order by days.price_date desc
    limit 1
) as days_1d on true
left join lateral (
    select
        days.price_date,
        days.min_price
    from days
    where
        days.product_id = measured.product_id
        and days.price_date <= measured.last_date - 7
    order by days.price_date desc
    limit 1
) as days_7d on true
left join lateral (
    select
        days.price_date,
        days.min_price
    from days
    where
        days.product_id = measured.product_id
        and days.price_date <= measured.last_date - 30
    order by days.price_date desc
    limit 1
) as days_30d on true
