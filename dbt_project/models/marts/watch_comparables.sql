{{
    config(
        indexes=[
            {'columns': ['watch_id', 'condition', 'condition_rank'], 'unique': true},
            {'columns': ['watch_id', 'watch_rank'], 'unique': true},
            {'columns': ['watch_id', 'condition', 'price', 'listing_id']},
            {'columns': ['watch_id', 'price', 'listing_id']},
        ]
    )
}}

-- The ranks let the rules leave one listing out of a median or percentile with two look-ups instead of a sort.
with

comparables as (

    select * from {{ ref('int_watch_comparables__priced') }}

)

select
    watch_id,
    listing_id,
    condition,
    currency_code as currency,
    cast(price as numeric(18, 4)) as price,
    log_price,
    cast(
        row_number() over (partition by watch_id, condition order by price, listing_id) as integer
    ) as condition_rank,
    case
        when condition <> 'for_parts'
            then cast(
                row_number() over (partition by watch_id, condition = 'for_parts' order by price, listing_id) as integer
            )
    end as watch_rank,
    last_seen_at
from comparables
