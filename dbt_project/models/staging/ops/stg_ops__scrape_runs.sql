with

source as (

    select * from {{ source('ops', 'scrape_runs') }}

)

select
    scrape_run_id,
    source as source_name,
    day as stat_date,
    state,
    started_at
from source
