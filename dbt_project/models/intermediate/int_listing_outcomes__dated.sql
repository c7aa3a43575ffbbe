{{ config(materialized='table', post_hook="analyze {{ this }}") }}

-- What became of each listing; the only place that knows where an end is told from. A page's own word comes first, and
-- the end is when it was last seen, as such a page is hardly read again. Else it is the complete runs that miss it.
-- A table, because four marts read it, and all of it.
with

listings as (

    select * from {{ ref('stg_core__listings') }}

),

states as (

    select * from {{ ref('stg_core__listing_states') }}

),

absences as (

    select * from {{ ref('stg_core__listing_absences') }}

),

-- Missed by one watch and seen by another since, it is still there.
missed as (

    select
        absences.listing_id,
        min(absences.gone_at) as gone_at,
        max(absences.confidence) as confidence
    from absences
    inner join states on absences.listing_id = states.listing_id
    where absences.gone_at > states.last_seen_at
    group by absences.listing_id

),

told as (

    select
        listings.listing_id,
        listings.source_name,
        listings.seller_id,
        listings.brand,
        states.last_seen_at,
        missed.gone_at,
        missed.confidence,
        -- A page may say a date to come; nothing was put up later than it was seen.
        least(coalesce(listings.listed_at, listings.first_seen_at), listings.first_seen_at) as started_at,
        coalesce(listings.listed_at <= listings.first_seen_at, false) as is_start_told,
        coalesce(listings.first_seen_at <= listings.listed_at + interval '1 day', true) as is_from_start,
        states.availability in ('sold', 'gone') as is_end_told,
        case
            when states.availability = 'sold' then 'sold'
            when states.availability = 'gone' or missed.listing_id is not null then 'gone'
            else 'open'
        end as outcome
    from listings
    inner join states on listings.listing_id = states.listing_id
    left join missed on listings.listing_id = missed.listing_id

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
    case when is_end_told then last_seen_at else gone_at end as ended_at,
    case when is_end_told then 1 else confidence end as confidence
from told
