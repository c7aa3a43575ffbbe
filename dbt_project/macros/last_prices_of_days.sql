{#-
    The last price of each listing on each day: listing_id, observed_date, currency_code, payable_price. A macro and
    not a model, because each incremental model reads only its own window, and no filter on the time of an observation
    gets past the choice of a day's last one.

    since: SQL of the first day, or none for all; on_offer: leave out what was sold or gone when it was seen.
-#}
{% macro last_prices_of_days(since=none, on_offer=true) -%}
    select distinct on (observations.listing_id, observations.observed_date)
        observations.listing_id,
        observations.observed_date,
        observations.currency_code,
        observations.payable_price
    from {{ ref('stg_core__price_observations') }} as observations
    where
        observations.payable_price > 0
        {%- if on_offer %}
            and observations.availability not in ('sold', 'gone')
        {%- endif %}
        {%- if since is not none %}
            and observations.observed_at >= {{ midnight(since) }}
        {%- endif %}
    order by observations.listing_id asc, observations.observed_date asc, observations.observed_at desc
{%- endmacro %}
