-- What became of each listing. The only place that knows where an end is told from; until absences from complete runs
-- are recorded, it is the page's own word, and the moment is when the listing was last seen.
with

listings as (

    select * from {{ ref('stg_core__listings') }}

),

states as (

    select * from {{ ref('stg_core__listing_states') }}

),

told as (

    select
        listings.listing_id,
        listings.source_name,
        listings.seller_id,
        listings.brand,
        states.last_seen_at,
        -- A page may say a date to come; nothing was on offer later than it was seen.
        least(coalesce(listings.listed_at, listings.first_seen_at), listings.first_seen_at) as started_at,
        coalesce(listings.listed_at <= listings.first_seen_at, false) as is_start_told,
        coalesce(listings.first_seen_at <= listings.listed_at + interval '1 day', true) as is_from_start,
        case
            when states.availability = 'sold' then 'sold'
            when states.availability = 'gone' then 'gone'
            else 'open'
        end as outcome
    from listings
    inner join states on listings.listing_id = states.listing_id

)

select
    listing_id,
    source_name,
    seller_id,
    brand,
    started_at,
    is_start_told,
    is_from_start,
    last_seen_at,
    outcome,
    case when outcome <> 'open' then last_seen_at end as ended_at,
    cast(case when outcome <> 'open' then 1 end as double precision) as confidence
from told
