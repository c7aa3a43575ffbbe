with

source as (

    select * from {{ source('core', 'lot_items') }}

)

select
    lot_id,
    number as item_number,
    name as item_name,
    quantity,
    unit,
    unit_price,
    currency as currency_code
from source
