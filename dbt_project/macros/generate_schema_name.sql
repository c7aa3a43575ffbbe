{#- A model's folder names its schema literally: marts is marts in every environment, as rules and docs say. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name is not none else target.schema }}
{%- endmacro %}
