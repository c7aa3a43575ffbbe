with

source as (

    select * from {{ source('app', 'watches') }}

)

select
    watch_id,
    name as watch_name,
    source as source_name,
    currency as currency_code,
    array_to_string(kinds, ',') as wanted_kinds,
    is_active
from source
