{{ config(materialized='table') }}

-- What each watch has found within the window of the kinds it asks for, in the watch's own currency; the price is null
-- where no rate is known.
-- A table, because three marts read it and must see the same.
with

watch_listings as (

    select * from {{ ref('stg_app__watch_listings') }}

),

watches as (

    select * from {{ ref('stg_app__watches') }}

),

listings as (

    select * from {{ ref('stg_core__listings') }}

),

states as (

    select * from {{ ref('stg_core__listing_states') }}

),

rates as (

    select * from {{ ref('int_fx_rates__crossed') }}

),

found as (

    select
        watch_listings.watch_id,
        watch_listings.listing_id,
        listings.condition,
        states.payable_price,
        states.last_seen_at,
        states.currency_code as listing_currency_code,
        watches.currency_code,
        cast(states.last_seen_at at time zone 'UTC' as date) as seen_date
    from watch_listings
    inner join watches on watch_listings.watch_id = watches.watch_id
    inner join listings on watch_listings.listing_id = listings.listing_id
    inner join states on watch_listings.listing_id = states.listing_id
    where
        not watch_listings.is_blacklisted
        and listings.listing_kind = any(string_to_array(watches.wanted_kinds, ','))
        and listings.price_kind in {{ comparable_price_kinds() }}
        and states.payable_price > 0
        and states.last_seen_at >= current_timestamp - make_interval(days => {{ comparables_window_days() }})

),

-- One look-up per pair and day, not one per listing.
needed_rates as (

    select
        pairs.listing_currency_code,
        pairs.currency_code,
        pairs.seen_date,
        (
            select rates.rate
            from rates
            where
                rates.from_currency_code = pairs.listing_currency_code
                and rates.to_currency_code = pairs.currency_code
                and rates.rate_date <= pairs.seen_date
            order by rates.rate_date desc
            limit 1
        ) as rate
    from (
        select distinct
            listing_currency_code,
            currency_code,
            seen_date
        from found
        where listing_currency_code <> currency_code
    ) as pairs

)

select
    found.watch_id,
    found.listing_id,
    found.condition,
    found.currency_code,
    found.last_seen_at,
    case
        when found.listing_currency_code = found.currency_code then round(found.payable_price, 4)
        else round(found.payable_price * needed_rates.rate, 4)
    end as price
from found
left join needed_rates
    on
        found.listing_currency_code = needed_rates.listing_currency_code
        and found.currency_code = needed_rates.currency_code
        and found.seen_date = needed_rates.seen_date
