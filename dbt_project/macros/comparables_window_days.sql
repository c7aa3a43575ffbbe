{#- How many days back a comparable may have been seen last. An environment variable, since --vars forces a re-parse. -#}
{% macro comparables_window_days() -%}
    {{ env_var('PRICESCOPE_COMPARABLES_WINDOW_DAYS', '30') | int }}
{%- endmacro %}
