with

source as (

    select * from {{ source('app', 'watch_listings') }}

)

select
    watch_id,
    listing_id,
    first_seen_at,
    is_blacklisted
from source
