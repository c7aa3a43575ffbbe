-- Grain: product x day on which it was on offer anywhere. A change is against the last such day that lies at least so
-- many days back, so a day without an observation makes no hole.
with

prices as (

    select * from {{ ref('int_product_prices__daily') }}

),

products as (

    select * from {{ ref('stg_core__products') }}

),

per_day as (

    select
        product_id,
        observed_date,
        count(price) as offers,
        count(distinct source_name) filter (where price is not null) as sources,
        count(*) filter (where price is null) as unconvertible,
        min(price) as min_price,
        percentile_cont(0.5) within group (order by price) as median_price,
        avg(price) as mean_price,
        max(price) as max_price,
        (array_agg(source_name order by price asc, listing_id asc) filter (where price is not null))[1] as best_source
    from prices
    group by product_id, observed_date

),

compared as (

    select
        per_day.*,
        day_before.min_price as min_price_1d,
        week_before.min_price as min_price_7d,
        month_before.min_price as min_price_30d
    from per_day
    left join lateral (
        select earlier.min_price
        from per_day as earlier
        where
            earlier.product_id = per_day.product_id
            and earlier.observed_date <= per_day.observed_date - 1
            and earlier.min_price is not null
        order by earlier.observed_date desc
        limit 1
    ) as day_before on true
    left join lateral (
        select earlier.min_price
        from per_day as earlier
        where
            earlier.product_id = per_day.product_id
            and earlier.observed_date <= per_day.observed_date - 7
            and earlier.min_price is not null
        order by earlier.observed_date desc
        limit 1
    ) as week_before on true
    left join lateral (
        select earlier.min_price
        from per_day as earlier
        where
            earlier.product_id = per_day.product_id
            and earlier.observed_date <= per_day.observed_date - 30
            and earlier.min_price is not null
        order by earlier.observed_date desc
        limit 1
    ) as month_before on true

)

select
    compared.product_id,
    compared.observed_date as price_date,
    products.sku,
    cast({{ base_currency() }} as text) as currency,
    cast(compared.offers as integer) as offers,
    cast(compared.sources as integer) as sources,
    cast(compared.unconvertible as integer) as unconvertible,
    cast(compared.min_price as numeric(24, 4)) as min_price,
    cast(compared.median_price as numeric(24, 4)) as median_price,
    cast(compared.mean_price as numeric(24, 4)) as mean_price,
    cast(compared.max_price as numeric(24, 4)) as max_price,
    compared.best_source,
    cast(
        100 * (compared.min_price - compared.min_price_1d) / compared.min_price_1d as numeric(24, 2)
    ) as change_1d_percent,
    cast(
        100 * (compared.min_price - compared.min_price_7d) / compared.min_price_7d as numeric(24, 2)
    ) as change_7d_percent,
    cast(
        100 * (compared.min_price - compared.min_price_30d) / compared.min_price_30d as numeric(24, 2)
    ) as change_30d_percent
from compared
inner join products on compared.product_id = products.product_id
