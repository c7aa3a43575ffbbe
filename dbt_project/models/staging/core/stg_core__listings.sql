with

source as (

    select * from {{ source('core', 'listings') }}

)

select
    listing_id,
    source as source_name,
    seller_id,
    condition,
    kind as listing_kind,
    price_kind,
    listed_at,
    first_seen_at,
    {{ brand_key('brand') }} as brand
from source
