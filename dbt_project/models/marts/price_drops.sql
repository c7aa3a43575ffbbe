{{ config(indexes=[{'columns': ['product_id']}]) }}

-- Grain: window x product last on offer within it whose lowest price fell over it. The biggest drop comes first.
with

products as (

    select * from {{ ref('product_stats') }}

),

moves as (

    {{ product_moves('products', 'asc') }}

)

select * from moves
