-- Grain: watch x condition (and 'all') x bucket. Buckets are quarter octaves (edges at powers of 2^(1/4), each 19 %
-- above the last): prices are log-normal, so equal steps of the logarithm show their shape, at any currency.
with

grouped as (

    select * from {{ ref('int_watch_comparables__grouped') }}

),

bucketed as (

    select
        watch_id,
        condition_group as condition,
        currency_code as currency,
        cast(floor(4 * log_price / ln(cast(2 as double precision))) as integer) as bucket
    from grouped

),

counted as (

    select
        watch_id,
        condition,
        currency,
        bucket,
        count(*) as listings
    from bucketed
    group by watch_id, condition, currency, bucket

)

select
    watch_id,
    condition,
    bucket,
    currency,
    cast(power(2, bucket / 4.0) as numeric(18, 4)) as lower_price,
    cast(power(2, (bucket + 1) / 4.0) as numeric(18, 4)) as upper_price,
    cast(listings as integer) as listings,
    cast(listings / sum(listings) over (partition by watch_id, condition) as numeric(9, 6)) as listing_share
from counted
