{{
    config(
        indexes=[
            {'columns': ['seller_id']},
            {'columns': ['ended_at']},
        ]
    )
}}

-- Grain: listing. An open one is known to have been open until it was last seen, and not longer.
with

outcomes as (

    select * from {{ ref('int_listing_outcomes__dated') }}

)

select
    listing_id,
    source_name,
    seller_id,
    brand,
    started_at,
    is_start_told,
    is_from_start,
    outcome,
    ended_at,
    confidence,
    cast(
        greatest(extract(epoch from coalesce(ended_at, last_seen_at) - started_at), 0) / 86400 as numeric(12, 4)
    ) as days_on_market
from outcomes
