{{ config(indexes=[{'columns': ['product_id']}]) }}

-- Grain: window x product last on offer within it whose lowest price rose over it. The biggest rise comes first.
with

moves as (

    select * from {{ ref('int_product_moves__ranked') }}

),

products as (

    select * from {{ ref('product_stats') }}

)

select
    moves.window_days,
    cast(moves.rise_rank as integer) as price_rank,
    moves.product_id,
    products.sku,
    products.name,
    products.category,
    moves.currency,
    moves.price_date,
    moves.price,
    moves.previous_date,
    moves.previous_price,
    cast(moves.change_amount as numeric(24, 4)) as change_amount,
    moves.change_percent,
    products.best_source,
    products.is_all_time_low,
    products.is_low_confidence
from moves
inner join products on moves.product_id = products.product_id
where moves.change_percent > 0
