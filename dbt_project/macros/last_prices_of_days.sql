{#-
    The last price of each listing on each day: listing_id, observed_date, currency_code, payable_price. A macro and
    not a model, because each incremental model reads only its own window, and no filter on the time of an observation
    gets past the choice of a day's last one.

    In a compacted month a day on which nothing changed has no row; that it was seen then is a bit of its month, and it
    cost what it cost last.

    since: SQL of the first day, or none for all; on_offer: leave out what was sold or gone when it was seen.
-#}
{% macro last_prices_of_days(since=none, on_offer=true) -%}
    select distinct on (sights.listing_id, sights.observed_date)
        sights.listing_id,
        sights.observed_date,
        sights.currency_code,
        sights.payable_price
    from (
        select
            observations.listing_id,
            observations.observed_date,
            observations.observed_at,
            observations.currency_code,
            observations.availability,
            observations.payable_price
        from {{ ref('stg_core__price_observations') }} as observations
        {%- if since is not none %}
            where observations.observed_at >= {{ midnight(since) }}
        {%- endif %}

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
            {%- if since is not none %}
                where months.month_start >= date_trunc('month', cast({{ since }} as timestamp))
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
    ) as sights
    where
        sights.payable_price > 0
        {%- if on_offer %}
            and sights.availability not in ('sold', 'gone')
        {%- endif %}
    order by sights.listing_id asc, sights.observed_date asc, sights.observed_at desc
{%- endmacro %}
