{#- Days back that a comparable may have been seen last. By environment: a change of --vars forces a re-parse. -#}
{% macro comparables_window_days() -%}
    {{ env_var('PRICESCOPE_COMPARABLES_WINDOW_DAYS', '30') | int }}
{%- endmacro %}
