with

source as (

    select * from {{ source('core', 'listing_state') }}

)

select
    listing_id,
    currency as currency_code,
    availability,
    is_active,
    favourite_count,
    view_count,
    last_seen_at,
    {{ major_units('coalesce(total_minor, price_minor)', 'currency') }} as payable_price
from source
