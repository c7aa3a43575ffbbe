{#-
    What each listing cost whenever it was seen: listing_id, observed_date, observed_at, currency_code, availability,
    payable_price. In a compacted month a day on which nothing changed has no row; that it was seen then is a bit of its
    month, and it cost what it cost last: observed_at is then the moment of that price, before the day.

    since, until: SQL of the first day and of the day after the last, or none for all; listing: SQL of the one listing's
    id, or none for all; without: a relation of the listing_ids to leave out, or none.
-#}
-- noqa: disable=LT02
{% macro sights_of_days(since=none, until=none, listing=none, without=none) -%}
    (select
        observations.listing_id,
        observations.observed_date,
        observations.observed_at,
        observations.currency_code,
        observations.availability,
        observations.payable_price
    from {{ ref('stg_core__price_observations') }} as observations
    where
        true
        {%- if since is not none %}
            and observations.observed_at >= {{ midnight(since) }}
        {%- endif %}
        {%- if until is not none %}
            and observations.observed_at < {{ midnight(until) }}
        {%- endif %}
        {%- if listing is not none %}
            and observations.listing_id = {{ listing }}
        {%- endif %}
        {%- if without is not none %}
            and not exists (
                select 1 from {{ without }} as left_out
                where left_out.listing_id = observations.listing_id
            )
        {%- endif %}
        -- Apart, so that a price is worked out once, and none of what is left out.
        offset 0)

    union all

    select
        unchanged.listing_id,
        unchanged.observed_date,
        before.observed_at,
        before.currency_code,
        before.availability,
        before.payable_price
    from (
        select
            months.listing_id,
            months.month_start + days.number as observed_date
        from {{ ref('stg_core__price_history_months') }} as months
        inner join generate_series(0, 30) as days (number) on (months.observed_days >> days.number) & 1 = 1
        where
            true
            {%- if since is not none %}
                and months.month_start >= date_trunc('month', cast({{ since }} as timestamp))
            {%- endif %}
            {%- if listing is not none %}
                and months.listing_id = {{ listing }}
            {%- endif %}
            {%- if without is not none %}
                and not exists (
                    select 1 from {{ without }} as left_out
                    where left_out.listing_id = months.listing_id
                )
            {%- endif %}
    ) as unchanged
    cross join lateral (
        select
            observations.observed_at,
            observations.currency_code,
            observations.availability,
            observations.payable_price
        from {{ ref('stg_core__price_observations') }} as observations
        where
            observations.listing_id = unchanged.listing_id
            and observations.observed_at < {{ midnight('(unchanged.observed_date + 1)') }}
        order by observations.observed_at desc
        limit 1
    ) as before
    where
        before.observed_at < {{ midnight('unchanged.observed_date') }}
        {%- if since is not none %}
            and unchanged.observed_date >= {{ since }}
        {%- endif %}
        {%- if until is not none %}
            and unchanged.observed_date < {{ until }}
        {%- endif %}
{%- endmacro %}
