-- Grain: product on offer that was never cheaper, and was dearer once; the one furthest below its mean first.
with

products as (

    select * from {{ ref('product_stats') }}

)

select
    product_id,
    cast(
        row_number() over (
            order by is_low_confidence asc, price / nullif(mean_price, 0) asc, product_id asc
        ) as integer
    ) as price_rank,
    sku,
    name,
    category,
    currency,
    price_date,
    price,
    best_source,
    max_price,
    mean_price,
    {{ change_percent('price', 'mean_price') }} as below_mean_percent,
    n_days,
    is_low_confidence
from products
where
    is_all_time_low
    and is_on_offer
