{#- The kinds of prices that may enter statistics. The list is domain.price_kind's; a test holds the two together. -#}
{% macro comparable_price_kinds() -%}
    ('price', 'procurement')
{%- endmacro %}
