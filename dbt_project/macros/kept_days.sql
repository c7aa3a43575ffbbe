{#- sqlfluff sees the branches of a macro without what calls it. -#}
-- noqa: disable=LT02
{#-
    Ends a model whose rows outlive what they were made from. In a full refresh, rows stored that begin before
    `first_day` (SQL) are kept as they are and not made anew from what is left; a column that they do not have yet is
    null in them. Otherwise nothing. Belongs after the last `from` of the model.
-#}
{% macro kept_days(day, first_day) -%}
    {%- set stored = load_relation(this) if execute and this is not none and flags.FULL_REFRESH else none -%}
    {%- if stored is not none and stored.is_table -%}
        {%- set known = adapter.get_columns_in_relation(stored) | map(attribute='name') | list -%}
        where {{ day }} >= coalesce({{ first_day }}, 'infinity')

        union all

        select
            {%- for name, column in model.columns.items() %}
            {{ name if name in known else 'cast(null as ' ~ column.data_type ~ ')' }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ stored }}
        where {{ day }} < coalesce({{ first_day }}, 'infinity')
    {%- endif -%}
{%- endmacro %}
