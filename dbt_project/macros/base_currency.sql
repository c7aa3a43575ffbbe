{#- The currency in which products are compared. By environment: a change of --vars forces a re-parse. -#}
{% macro base_currency() -%}
    '{{ env_var('PRICESCOPE_BASE_CURRENCY', 'EUR') }}'
{%- endmacro %}
