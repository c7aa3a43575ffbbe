with

source as (

    select * from {{ source('ops', 'page_readings') }}

)

select
    page_id,
    source as source_name,
    day as stat_date,
    meaning,
    records,
    new_items,
    changed_items,
    quarantined,
    unpriced,
    read_at
from source
