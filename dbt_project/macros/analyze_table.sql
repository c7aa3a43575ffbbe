{#- Post-hook: statistics of a table just made, because a poll reads it before autovacuum comes round. Of a big one that
    only grows: where more than a fiftieth of it changed since the last time, and from a small sample, because the usual
    one takes a good part of a second. -#}
{% macro analyze_table() -%}
    {%- if config.get('materialized') != 'incremental' -%}
        analyze {{ this }}
    {%- else -%}
        {%- set found = run_query(
            "select coalesce(s.n_mod_since_analyze * 50 > c.reltuples or greatest(s.last_analyze, s.last_autoanalyze) is null,"
            ~ " true) from pg_class c left join pg_stat_all_tables s on s.relid = c.oid where c.oid = '" ~ this
            ~ "'::regclass"
        ) if execute -%}
        {%- if not found or found.columns[0].values()[0] -%}
            set local default_statistics_target = 20; analyze {{ this }}
        {%- else -%}
            select 1
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
