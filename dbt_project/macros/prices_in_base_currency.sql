{#-
    What each listing on offer cost on each day, in the base currency: listing_id, observed_date, next_date (the day after
    it on which it was on offer, null for the last), price, is_unconvertible. The price is null where its kind does not
    compare, where the listing is not the thing itself (a box, a bundle, a broken one), or where no rate is known
    (unconvertible).

    since: SQL of the first day, or none for all.
    changed: SQL of a day, or none. Of the days before it, only what is the last of its week or month is wanted: the
        others of a listing that is seen again in both are left out, which are nearly all.
-#}
{% macro prices_in_base_currency(since=none, changed=none) -%}
    with

    {% if changed is none -%}
        last_prices as (

            {{ last_prices_of_days(since=since) }}

        ),
    {%- else -%}
        recent_prices as (

            {{ last_prices_of_days(since=changed) }}

        ),

        seen_again as (

            select distinct recent_prices.listing_id
            from recent_prices
            where
                recent_prices.observed_date < least(
                    date_trunc('week', cast({{ changed }} as timestamp)) + interval '1 week',
                    date_trunc('month', cast({{ changed }} as timestamp)) + interval '1 month'
                )

        ),

        last_prices as (

            select * from recent_prices
            union all
            select older.*
            from (

                {{ last_prices_of_days(since=since, until=changed, without='seen_again') }}

            ) as older

        ),
    {%- endif %}

    rates as (

        {{ rates_of_days('last_prices', 'currency_code', base_currency(), 'observed_date') }}

    )

    select
        last_prices.listing_id,
        last_prices.observed_date,
        last_prices.next_date,
        case
            when listings.price_kind not in {{ comparable_price_kinds() }} then null
            when listings.listing_kind <> 'normal' then null
            when last_prices.currency_code = {{ base_currency() }} then round(last_prices.payable_price, 4)
            else round(last_prices.payable_price * rates.rate, 4)
        end as price,
        (
            listings.price_kind in {{ comparable_price_kinds() }}
            and (listings.listing_kind <> 'normal') is not true
            and last_prices.currency_code <> {{ base_currency() }}
            and rates.rate is null
        ) as is_unconvertible
    -- Before any join, because the rows come in this order.
    from (
        select
            last_prices.*,
            lead(last_prices.observed_date) over (
                partition by last_prices.listing_id order by last_prices.observed_date
            ) as next_date
        from last_prices
    ) as last_prices
    inner join {{ ref('stg_core__listings') }} as listings on last_prices.listing_id = listings.listing_id
    left join rates
        on
            last_prices.currency_code = rates.from_currency_code
            and last_prices.observed_date = rates.rate_date
{%- endmacro %}
