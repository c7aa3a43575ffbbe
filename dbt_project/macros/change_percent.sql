{#- Change of a price against another, in per cent; negative is a drop, null where there is nothing to compare with. -#}
{% macro change_percent(price, against) -%}
    cast(100 * ({{ price }} - {{ against }}) / nullif({{ against }}, 0) as numeric(24, 2))
{%- endmacro %}
