-- The listings of each product: linked to it, or found by the watch of one of its links.
with

links as (

    select * from {{ ref('stg_core__product_links') }}

),

products as (

    select * from {{ ref('stg_core__products') }}

),

watch_listings as (

    select * from {{ ref('stg_app__watch_listings') }}

),

approved as (

    select
        links.product_id,
        links.listing_id,
        links.watch_id,
        links.linked_at
    from links
    inner join products on links.product_id = products.product_id
    where
        links.state = 'approved'
        and products.is_active

),

offers as (

    select
        product_id,
        listing_id,
        linked_at
    from approved
    where listing_id is not null

    union all

    select
        approved.product_id,
        watch_listings.listing_id,
        greatest(approved.linked_at, watch_listings.first_seen_at) as linked_at
    from approved
    inner join watch_listings on approved.watch_id = watch_listings.watch_id
    where not watch_listings.is_blacklisted

)

select
    product_id,
    listing_id,
    min(linked_at) as linked_at
from offers
group by product_id, listing_id
