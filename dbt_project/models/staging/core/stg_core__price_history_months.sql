with

source as (

    select * from {{ source('core', 'price_history_months') }}

)

select
    listing_id,
    month as month_start,
    days as observed_days,
    checks
from source
