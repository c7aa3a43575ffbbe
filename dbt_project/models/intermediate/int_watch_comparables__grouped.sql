-- Each comparable twice: in its condition and in 'all', the parent group of its watch. A thing for parts is left out
-- of 'all', because whole ones are not measured by it.
with

comparables as (

    select * from {{ ref('int_watch_comparables__priced') }}

)

select
    watch_id,
    listing_id,
    condition as condition_group,
    currency_code,
    price,
    log_price
from comparables

union all

select
    watch_id,
    listing_id,
    'all' as condition_group,
    currency_code,
    price,
    log_price
from comparables
where condition <> 'for_parts'
