-- Each comparable twice: in its condition and in 'all', the parent group of its watch. A thing for parts is left out
-- of 'all', because whole ones are not measured by it.
with

comparables as (

    select * from {{ ref('watch_comparables') }}

)

select
    watch_id,
    listing_id,
    condition as condition_group,
    currency,
    price,
    log_price
from comparables

union all

select
    watch_id,
    listing_id,
    'all' as condition_group,
    currency,
    price,
    log_price
from comparables
where watch_rank is not null
