with

source as (

    select * from {{ source('core', 'listings') }}

)

select
    listing_id,
    source as source_name,
    condition,
    kind as listing_kind,
    price_kind,
    first_seen_at
from source
