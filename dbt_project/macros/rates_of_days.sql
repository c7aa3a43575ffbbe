{#-
    The rate of each pair of currencies on each day that a relation needs one: from_currency_code, to_currency_code,
    rate_date, rate (null where none is known). The latest on or before the day; looked up once a pair and day, not
    once a row. The arguments are SQL over the relation.
-#}
{% macro rates_of_days(relation, from_currency, to_currency, day) -%}
    select
        pairs.from_currency_code,
        pairs.to_currency_code,
        pairs.rate_date,
        (
            select rates.rate
            from {{ ref('int_fx_rates__crossed') }} as rates
            where
                rates.from_currency_code = pairs.from_currency_code
                and rates.to_currency_code = pairs.to_currency_code
                and rates.rate_date <= pairs.rate_date
            order by rates.rate_date desc
            limit 1
        ) as rate
    from (
        select distinct
            {{ from_currency }} as from_currency_code,
            {{ to_currency }} as to_currency_code,
            {{ day }} as rate_date
        from {{ relation }}
        where {{ from_currency }} <> {{ to_currency }}
    ) as pairs
{%- endmacro %}
