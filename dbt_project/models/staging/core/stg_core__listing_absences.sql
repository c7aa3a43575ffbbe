with

source as (

    select * from {{ source('core', 'listing_absences') }}

)

select
    watch_id,
    listing_id,
    missing_since,
    missed,
    gone_at,
    confidence
from source
