{{ config(indexes=[{'columns': ['product_id']}]) }}

-- Grain: window x product last on offer within it whose lowest price rose over it. The biggest rise comes first.
with

products as (

    select * from {{ ref('product_stats') }}

),

moves as (

    {{ product_moves('products', 'desc') }}

)

select * from moves
