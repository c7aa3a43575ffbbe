with

source as (

    select * from {{ source('core', 'product_sources') }}

)

select
    product_source_id,
    product_id,
    listing_id,
    watch_id,
    state,
    created_at as linked_at
from source
