{#- Whether a table is there that an earlier run made, and this one is no full refresh: what it holds may be kept. -#}
{% macro is_made_before() -%}
    {%- set stored = load_relation(this) if execute and this is not none and not flags.FULL_REFRESH else none -%}
    {{ return(stored is not none and stored.is_table) }}
{%- endmacro %}
