-- The comparables of each watch: found within the window, of a kind it asks for, not blacklisted, in its currency.
with

valued as (

    select * from {{ ref('int_watch_listings__valued') }}

)

select
    watch_id,
    listing_id,
    condition,
    currency_code,
    price,
    last_seen_at,
    ln(cast(price as double precision)) as log_price
from valued
where price > 0
