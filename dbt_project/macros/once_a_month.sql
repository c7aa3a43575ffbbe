{#-
    Incremental models of complete months: made whole when a month is over, and left alone until the next is. What they
    read is years of days, of which an hourly run would find the same. A model sets
    incremental_strategy='once_a_month', has the columns until_month and currency, and reads nothing where it is made:

        where {{ 'false' if is_made_this_month() else 'true' }}
-#}

{#- The first day of the month of this run (UTC): what lies before it is over. -#}
{% macro this_month() -%}
    cast(date_trunc('month', cast({{ run_date() }} as timestamp)) as date)
{%- endmacro %}

{% macro is_made_this_month() -%}
    {%- if execute and is_incremental() -%}
        {%- set found = run_query(
            'select count(*) from ' ~ this ~ ' where until_month = cast(' ~ this_month() ~ " - interval '1 month' as date)"
            ~ ' and currency = ' ~ base_currency()
        ) -%}
        {{ return(found.columns[0].values()[0] | int > 0) }}
    {%- endif -%}
    {{ return(false) }}
{%- endmacro %}

{% macro get_incremental_once_a_month_sql(arg_dict) %}
    -- Two runs at once would insert the same rows.
    select pg_advisory_xact_lock(hashtextextended('{{ arg_dict['target_relation'] }}', 0));

    delete from {{ arg_dict['target_relation'] }}
    where exists (select from {{ arg_dict['temp_relation'] }});

    {{ get_insert_into_sql(arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['dest_columns']) }}
{% endmacro %}
