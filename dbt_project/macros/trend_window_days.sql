{#- How many days of price history the trends cover. -#}
{% macro trend_window_days() -%}
    {{ env_var('PRICESCOPE_TREND_WINDOW_DAYS', '365') | int }}
{%- endmacro %}
