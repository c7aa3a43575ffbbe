{#- Minor units (cents) to major ones. The exponents are domain.money's; a test holds the two lists together. -#}
{% macro major_units(minor, currency) -%}
    ({{ minor }} / case
        when {{ currency }} in ('JPY', 'KRW', 'CLP', 'ISK', 'VND') then 1.0000
        when {{ currency }} in ('BHD', 'JOD', 'KWD', 'OMR', 'TND') then 1000.0000
        else 100.0000
    end)
{%- endmacro %}
