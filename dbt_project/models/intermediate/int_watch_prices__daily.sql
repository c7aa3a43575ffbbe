-- The last price of each day on which a watch's listing was seen, in the watch's currency at that day's rate.
with

observations as (

    select * from {{ ref('stg_core__price_observations') }}

),

watch_listings as (

    select * from {{ ref('stg_app__watch_listings') }}

),

watches as (

    select * from {{ ref('stg_app__watches') }}

),

listings as (

    select * from {{ ref('stg_core__listings') }}

),

rates as (

    select * from {{ ref('int_fx_rates__crossed') }}

),

last_of_day as (

    select distinct on (listing_id, observed_date)
        listing_id,
        observed_date,
        currency_code,
        payable_price
    from observations
    where
        observed_at >= current_timestamp - make_interval(days => {{ trend_window_days() }})
        and payable_price > 0
    order by listing_id asc, observed_date asc, observed_at desc

),

seen as (

    select
        watch_listings.watch_id,
        last_of_day.listing_id,
        listings.condition,
        last_of_day.observed_date,
        last_of_day.payable_price,
        last_of_day.currency_code as listing_currency_code,
        watches.currency_code
    from last_of_day
    inner join watch_listings on last_of_day.listing_id = watch_listings.listing_id
    inner join watches on watch_listings.watch_id = watches.watch_id
    inner join listings on last_of_day.listing_id = listings.listing_id
    where
        not watch_listings.is_blacklisted
        and listings.listing_kind = any(watches.wanted_kinds)
        and listings.price_kind in {{ comparable_price_kinds() }}

),

needed_rates as (

    select
        pairs.listing_currency_code,
        pairs.currency_code,
        pairs.observed_date,
        (
            select rates.rate
            from rates
            where
                rates.from_currency_code = pairs.listing_currency_code
                and rates.to_currency_code = pairs.currency_code
                and rates.rate_date <= pairs.observed_date
            order by rates.rate_date desc
            limit 1
        ) as rate
    from (
        select distinct
            listing_currency_code,
            currency_code,
            observed_date
        from seen
        where listing_currency_code <> currency_code
    ) as pairs

)

select
    seen.watch_id,
    seen.listing_id,
    seen.condition,
    seen.observed_date,
    seen.currency_code,
    case
        when seen.listing_currency_code = seen.currency_code then round(seen.payable_price, 4)
        else round(seen.payable_price * needed_rates.rate, 4)
    end as price
from seen
left join needed_rates
    on
        seen.listing_currency_code = needed_rates.listing_currency_code
        and seen.currency_code = needed_rates.currency_code
        and seen.observed_date = needed_rates.observed_date
