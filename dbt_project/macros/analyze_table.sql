{#- Post-hook: statistics of a table just made, because a poll reads it before autovacuum comes round. Of a big one that
    only grows from a small sample: the usual one takes a good part of a second. -#}
{% macro analyze_table() -%}
    {%- if config.get('materialized') == 'incremental' -%}
        set local default_statistics_target = 20;
    {% endif -%}
    analyze {{ this }}
{%- endmacro %}
