{#- sqlfluff sees the branches of a macro without what calls it. -#}
-- noqa: disable=LT02
{#-
    The last price of each listing on each day: listing_id, observed_date, currency_code, payable_price. A macro and
    not a model, because each incremental model reads only its own window, and no filter on the time of an observation
    gets past the choice of a day's last one.

    since, until: SQL of the first day and of the day after the last, or none for all; on_offer: leave out what was sold
    or gone when it was seen; without: a relation of the listing_ids to leave out, or none.
-#}
{% macro last_prices_of_days(since=none, on_offer=true, until=none, without=none) -%}
    select distinct on (sights.listing_id, sights.observed_date)
        sights.listing_id,
        sights.observed_date,
        sights.currency_code,
        sights.payable_price
    from (

        {{ sights_of_days(since=since, until=until, without=without) }}

    ) as sights
    where
        sights.payable_price > 0
        {%- if on_offer %}
            and sights.availability not in ('sold', 'gone')
        {%- endif %}
    order by sights.listing_id asc, sights.observed_date asc, sights.observed_at desc
{%- endmacro %}
