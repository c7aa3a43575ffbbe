{#- sqlfluff sees the branches of a macro without what calls it. -#}
-- noqa: disable=LT02
{#-
    The last price of each day on which a product's listing was on offer, in the base currency at that day's rate:
    product_id, listing_id, source_name, price_date, price (null where no rate is known). A macro and not a model,
    because each incremental model reads only its own window, and no filter on the time of an observation gets past the
    choice of a day's last one.

    since: SQL of the first day that is read, or none for all.
    stored: the incremental table, or none. A product that was linked to a listing known from before the window is read
        whole, unless rows of it were made since: its past begins with the link otherwise.
    floor: SQL of the day before which nothing is read even then.
-#}
{% macro product_prices_of_days(since=none, stored=none, floor=none) -%}
    with

    offers as (

        select * from {{ ref('int_product_offers__linked') }}

    ),

    listings as (

        select
            listing_id,
            source_name,
            price_kind,
            first_seen_at
        from {{ ref('stg_core__listings') }}

    ),

    last_of_day as (

        select distinct on (sights.listing_id, sights.observed_date)
            sights.listing_id,
            sights.observed_date,
            sights.currency_code,
            sights.availability,
            sights.payable_price
        from (

            {{ sights_of_days(since=since) }}

        ) as sights
        where sights.listing_id in (select offers.listing_id from offers)
        order by sights.listing_id asc, sights.observed_date asc, sights.observed_at desc

    ),

    {% if stored is not none -%}
    relinked as (

        select distinct offers.product_id
        from offers
        inner join listings on offers.listing_id = listings.listing_id
        where
            offers.linked_at >= {{ midnight(since) }}
            and listings.first_seen_at < {{ midnight(since) }}
            -- A scalar, so that each is looked up: the planner would rather read all that is stored.
            and (
                select max(kept.computed_at)
                from {{ stored }} as kept
                where
                    kept.product_id = offers.product_id
                    and kept.price_date < {{ since }}
            ) >= offers.linked_at is not true

    ),

    -- Lateral, because the planner cannot know that these are few.
    past_of_relinked as (

        select
            offers.product_id,
            offers.listing_id,
            past.observed_date,
            past.currency_code,
            past.availability,
            past.payable_price
        from relinked
        inner join offers on relinked.product_id = offers.product_id
        cross join lateral (
            select distinct on (sights.observed_date)
                sights.observed_date,
                sights.currency_code,
                sights.availability,
                sights.payable_price
            from (

                {{ sights_of_days(since=floor, until=since, listing='offers.listing_id') }}

            ) as sights
            order by sights.observed_date asc, sights.observed_at desc
        ) as past

    ),

    {% endif -%}
    of_products as (

        select
            offers.product_id,
            last_of_day.listing_id,
            last_of_day.observed_date,
            last_of_day.currency_code,
            last_of_day.availability,
            last_of_day.payable_price
        from last_of_day
        inner join offers on last_of_day.listing_id = offers.listing_id
        {%- if stored is not none %}
            union all
            select * from past_of_relinked
        {%- endif %}

    ),

    on_offer as (

        select
            of_products.product_id,
            of_products.listing_id,
            listings.source_name,
            of_products.observed_date,
            of_products.currency_code,
            of_products.payable_price
        from of_products
        inner join listings on of_products.listing_id = listings.listing_id
        where
            of_products.payable_price > 0
            and of_products.availability in ('available', 'unknown')
            and listings.price_kind in {{ comparable_price_kinds() }}

    ),

    rates as (

        {{ rates_of_days('on_offer', 'currency_code', base_currency(), 'observed_date') }}

    )

    select
        on_offer.product_id,
        on_offer.listing_id,
        on_offer.source_name,
        on_offer.observed_date as price_date,
        case
            when on_offer.currency_code = {{ base_currency() }} then round(on_offer.payable_price, 4)
            else round(on_offer.payable_price * rates.rate, 4)
        end as price
    from on_offer
    left join rates
        on
            on_offer.currency_code = rates.from_currency_code
            and on_offer.observed_date = rates.rate_date
{%- endmacro %}
