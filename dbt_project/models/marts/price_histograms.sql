-- Grain: scope (product or category) x subject x bucket, of the last 30 days. What is counted is the lowest price of a
-- product on a source on a day. Buckets are equal steps of the logarithm, as in watch_price_histograms: of a product a
-- 32nd of an octave (2.2 %), of a category a quarter (19 %).
with

prices as (

    select * from {{ ref('int_product_source_prices__daily') }}
    where
        price_date > {{ run_date() }} - 30
        and min_price > 0
        and currency = {{ base_currency() }}

),

products as (

    select * from {{ ref('stg_core__products') }}

),

-- Equal prices of a product lie in one bucket: the logarithm is taken of each once.
counted as (

    select
        product_id,
        min_price,
        -- Rounded, so that a power of two is on its edge and not a hair below.
        round(cast(ln(cast(min_price as double precision)) / ln(cast(2 as double precision)) as numeric), 9) as octave,
        count(*) as n
    from prices
    group by product_id, min_price

),

bucketed as (

    select
        'product' as scope,
        products.sku as subject,
        32 as buckets_per_octave,
        floor(32 * counted.octave) as bucket,
        sum(counted.n) as n
    from counted
    inner join products on counted.product_id = products.product_id
    group by products.sku, floor(32 * counted.octave)

    union all

    select
        'category' as scope,
        products.category as subject,
        4 as buckets_per_octave,
        floor(4 * counted.octave) as bucket,
        sum(counted.n) as n
    from counted
    inner join products on counted.product_id = products.product_id
    where products.category is not null
    group by products.category, floor(4 * counted.octave)

)

select
    scope,
    subject,
    cast(bucket as integer) as bucket,
    cast({{ base_currency() }} as text) as currency,
    cast(power(2.0, bucket / buckets_per_octave) as numeric(24, 4)) as lower_price,
    cast(power(2.0, (bucket + 1) / buckets_per_octave) as numeric(24, 4)) as upper_price,
    cast(n as integer) as n,
    cast(n / sum(n) over (partition by scope, subject) as numeric(9, 6)) as price_share
from bucketed
