{#-
    A brand as statistics group by it: lower case, single spaces, at most 100 characters (a longer one is a title and
    would not fit an index). No brand, and the word that names the group of all brands, are 'unknown'.
-#}
{% macro brand_key(brand) -%}
    coalesce(
        nullif(nullif(left(btrim(lower(regexp_replace({{ brand }}, '\s+', ' ', 'g'))), 100), ''), 'all'), 'unknown'
    )
{%- endmacro %}
