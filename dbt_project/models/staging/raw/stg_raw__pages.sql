with

source as (

    select * from {{ source('raw', 'pages') }}

)

-- The body stays where it is: nothing here reads it, and it is nearly all of the table.
select
    page_id,
    source as source_name,
    day as stat_date,
    fetched_at,
    status as http_status,
    duration_ms
from source
