-- The last price of each day on which a product's listing was on offer, in the base currency at that day's rate.
with

offers as (

    select * from {{ ref('int_product_offers__linked') }}

),

observations as (

    select * from {{ ref('stg_core__price_observations') }}

),

listings as (

    select * from {{ ref('stg_core__listings') }}

),

rates as (

    select * from {{ ref('int_fx_rates__crossed') }}

),

last_of_day as (

    select distinct on (offers.product_id, offers.listing_id, observations.observed_date)
        offers.product_id,
        offers.listing_id,
        listings.source_name,
        observations.observed_date,
        observations.currency_code,
        observations.availability,
        observations.payable_price
    from offers
    inner join observations on offers.listing_id = observations.listing_id
    inner join listings on offers.listing_id = listings.listing_id
    where
        observations.observed_at >= current_timestamp - make_interval(days => {{ trend_window_days() }})
        and listings.price_kind in {{ comparable_price_kinds() }}
    order by
        offers.product_id asc, offers.listing_id asc, observations.observed_date asc, observations.observed_at desc

),

on_offer as (

    select * from last_of_day
    where
        payable_price > 0
        and availability in ('available', 'unknown')

),

needed_rates as (

    select
        pairs.currency_code,
        pairs.observed_date,
        (
            select rates.rate
            from rates
            where
                rates.from_currency_code = pairs.currency_code
                and rates.to_currency_code = {{ base_currency() }}
                and rates.rate_date <= pairs.observed_date
            order by rates.rate_date desc
            limit 1
        ) as rate
    from (
        select distinct
            currency_code,
            observed_date
        from on_offer
        where currency_code <> {{ base_currency() }}
    ) as pairs

)

select
    on_offer.product_id,
    on_offer.listing_id,
    on_offer.source_name,
    on_offer.observed_date,
    case
        when on_offer.currency_code = {{ base_currency() }} then round(on_offer.payable_price, 4)
        else round(on_offer.payable_price * needed_rates.rate, 4)
    end as price
from on_offer
left join needed_rates
    on
        on_offer.currency_code = needed_rates.currency_code
        and on_offer.observed_date = needed_rates.observed_date
