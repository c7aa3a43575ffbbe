{{ config(indexes=[{'columns': ['source_name', 'volume_rank']}]) }}

-- Grain: seller. Of each source the sellers with at least three listings; of fewer a share says nothing.
with

sellers as (

    select * from {{ ref('seller_stats') }}
    where listings >= 3

)

select
    source_name,
    seller_id,
    listings,
    sell_through,
    compared_listings,
    median_price_ratio,
    cast(rank() over (partition by source_name order by listings desc) as integer) as volume_rank,
    cast(rank() over (partition by source_name order by sell_through desc) as integer) as sell_through_rank,
    case
        when compared_listings >= 3
            then cast(
                rank() over (
                    partition by source_name, compared_listings >= 3 order by median_price_ratio asc
                ) as integer
            )
    end as cheapness_rank
from sellers
