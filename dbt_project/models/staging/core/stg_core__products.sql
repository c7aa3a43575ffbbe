with

source as (

    select * from {{ source('core', 'products') }}

)

select
    product_id,
    sku,
    name,
    category,
    is_active
from source
