with

source as (

    select * from {{ source('core', 'price_history') }}

)

select
    listing_id,
    observed_at,
    currency as currency_code,
    availability,
    cast(observed_at at time zone 'UTC' as date) as observed_date,
    {{ major_units('coalesce(total_minor, price_minor)', 'currency') }} as payable_price
from source
