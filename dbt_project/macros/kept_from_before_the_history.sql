{#-
    For a full refresh: the stored days that the price history holds no longer, as they are. Statistics outlive the
    history they were made from. A column that the stored table does not have yet is null in them.
-#}
{% macro kept_from_before_the_history() -%}
    {%- set stored = load_relation(this) if execute and flags.FULL_REFRESH else none -%}
    {%- if stored is not none and stored.is_table -%}
        {%- set known = adapter.get_columns_in_relation(stored) | map(attribute='name') | list -%}
        union all
        select
        {%- for name, column in model.columns.items() %}
            {{ name if name in known else 'cast(null as ' ~ column.data_type ~ ')' }}{{ ',' if not loop.last }}
        {%- endfor %}
        from {{ stored }}
        where price_date < (select min(observed_date) from {{ ref('stg_core__price_observations') }})
    {%- endif -%}
{%- endmacro %}
