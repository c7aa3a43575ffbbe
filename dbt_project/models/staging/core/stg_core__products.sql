with

source as (

    select * from {{ source('core', 'products') }}

)

select
    product_id,
    sku,
    is_active
from source
