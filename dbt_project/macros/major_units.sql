{#- Minor units (cents) to major ones. The exponents are domain.money's; a test holds the two lists together. Nearly all
    have two: asked first, and of so many values at once that they are looked up in a hash. -#}
{% macro major_units(minor, currency) -%}
    {%- set without = "'JPY', 'KRW', 'CLP', 'ISK', 'VND'" -%}
    {%- set with_three = "'BHD', 'JOD', 'KWD', 'OMR', 'TND'" -%}
    ({{ minor }} / case
        when {{ currency }} not in ({{ without }}, {{ with_three }}) then 100.0000
        when {{ currency }} in ({{ without }}) then 1.0000
        else 1000.0000
    end)
{%- endmacro %}
