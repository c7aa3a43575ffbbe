with

source as (

    select * from {{ source('core', 'lots') }}

)

select
    lot_id,
    source as source_name,
    lot_type,
    status,
    category,
    region,
    currency as currency_code,
    cast(coalesce(deal_at, ends_at, last_seen_at) at time zone 'UTC' as date) as deal_date
from source
