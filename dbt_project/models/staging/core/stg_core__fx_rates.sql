with

source as (

    select * from {{ source('core', 'fx_rates') }}

)

select
    day as rate_date,
    currency as currency_code,
    base_currency as base_currency_code,
    rate
from source
