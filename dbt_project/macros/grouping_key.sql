{#- A text as statistics group by it: lower case, single spaces, at most 200 characters (more would not fit an index);
    unknown where there is none. -#}
{% macro grouping_key(value) -%}
    coalesce(nullif(left(btrim(lower(regexp_replace({{ value }}, '\s+', ' ', 'g'))), 200), ''), 'unknown')
{%- endmacro %}
