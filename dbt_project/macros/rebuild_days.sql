{#-
    Incremental models by day. Each run makes the whole look-back window anew and replaces what lies in it in one
    transaction, so that a day which lost all its rows loses them here too (dbt's delete+insert deletes only the keys
    that come again), and what came late within the window is counted. A row that is the same stays as it is on disk:
    a run every hour would otherwise rewrite the window each time. Older days stay as they were.

    A model sets incremental_strategy='rebuild_days' (or 'rebuild_periods' for rows by day, week and month, which are
    rebuilt where they reach into the window) and unique_key to its one day column, and reads no more than it rebuilds:

        {% if is_incremental() %} where stat_date >= {{ rebuild_from() }} {% endif %}

    For data that came later than the window, run dbt once with a longer PRICESCOPE_LOOKBACK_DAYS. A full refresh makes
    what can still be made, and keeps the rows from before (kept_days).
-#}

{#- Days back that are rebuilt, today not counted. By environment: a change of --vars forces a re-parse. -#}
{% macro lookback_days() -%}
    {{ env_var('PRICESCOPE_LOOKBACK_DAYS', '7') | int }}
{%- endmacro %}

{#- The day of this run in UTC; one for all models of the run, also when it runs past midnight. -#}
{% macro run_date() -%}
    {#- sqlfluff renders without a run. -#}
    cast('{{ run_started_at.strftime('%Y-%m-%d') if run_started_at is defined else '2026-01-01' }}' as date)
{%- endmacro %}

{#-
    The first day that is rebuilt: the look-back before today, or before the last day stored where no run came since.
    A date as text, because partitions are chosen by it when the query is planned.
-#}
{% macro rebuild_from() -%}
    {%- if execute and this is not none and is_incremental() -%}
        {%- set found = run_query(
            'select least(' ~ run_date() ~ ', max(' ~ config.get('unique_key') ~ ')) - ' ~ lookback_days() ~ ' from ' ~ this
        ) -%}
        cast('{{ found.columns[0].values()[0] }}' as date)
    {%- else -%}
        ({{ run_date() }} - {{ lookback_days() }})
    {%- endif -%}
{%- endmacro %}

{#- The first start of a day, week or month that reaches into the window from a day on: none begins earlier than that
    day's month or week. -#}
{% macro first_period_from(day) -%}
    cast(least(date_trunc('week', cast({{ day }} as timestamp)), date_trunc('month', cast({{ day }} as timestamp))) as date)
{%- endmacro %}

{#- The first day after a period, by the columns period ('day', 'week', 'month') and period_start. -#}
{% macro period_end(prefix='') -%}
    cast({{ prefix }}period_start + cast('1 ' || {{ prefix }}period as interval) as date)
{%- endmacro %}

{#- Midnight UTC at the beginning of a day: what partitions and indexes of the tables by time can be searched for. -#}
{% macro midnight(day) -%}
    (cast({{ day }} as timestamp) at time zone 'UTC')
{%- endmacro %}

{% macro get_incremental_rebuild_days_sql(arg_dict) %}
    {% do return(delete_and_insert(arg_dict, arg_dict['unique_key'] ~ ' >= ' ~ rebuild_from())) %}
{% endmacro %}

{#- Of days, weeks and months those that reach into the window, which the model tells by made_from. -#}
{% macro get_incremental_rebuild_periods_sql(arg_dict) %}
    {%- set since = days_made_from(model.compiled_code) -%}
    {#- The start says so of nearly all, by its index. -#}
    {%- set reaches = 'period_start >= ' ~ first_period_from(since) ~ ' and ' ~ period_end() ~ ' > ' ~ since -%}
    {% do return(delete_and_insert(arg_dict, reaches)) %}
{% endmacro %}

{% macro delete_and_insert(arg_dict, condition) %}
    {%- if arg_dict['unique_key'] is not string -%}
        {%- set message = "unique_key must name the one day column of " ~ arg_dict['target_relation'] -%}
        {{ exceptions.raise_compiler_error(message) }}
    {%- endif -%}

    {%- set target = arg_dict['target_relation'] -%}
    {%- set made = arg_dict['temp_relation'] -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='name') | list -%}
    {%- set keys = (model.constraints | selectattr('type', 'equalto', 'primary_key') | first).columns -%}
    {%- set values = columns | reject('in', keys) | list -%}
    {%- set same_key -%}
        {%- for key in keys %}{{ 'and ' if not loop.first }}made.{{ key }} = kept.{{ key }} {% endfor -%}
    {%- endset -%}

    -- A second run at the same time would insert the same rows.
    select pg_advisory_xact_lock(hashtextextended('{{ target }}', 0));

    delete from {{ target }} as kept
    where
        {{ condition }}
        and not exists (
            select from {{ made }} as made
            where
                {{ same_key }}
                and (made.{{ values | join(', made.') }}) is not distinct from (kept.{{ values | join(', kept.') }})
        );

    insert into {{ target }} ({{ columns | join(', ') }})
    select {{ columns | join(', ') }}
    from {{ made }} as made
    where not exists (select from {{ target }} as kept where {{ condition }} and {{ same_key }});
{% endmacro %}
