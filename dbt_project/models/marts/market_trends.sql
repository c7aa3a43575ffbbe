{{
    config(
        materialized='incremental',
        incremental_strategy='rebuild_periods',
        unique_key='period_start',
        on_schema_change='fail',
        pre_hook="{{ prepare_for_many_rows() }}",
        indexes=[
            {'columns': ['period_start']},
            {'columns': ['source_name', 'period', 'period_start']},
        ],
    )
}}

{% set changed = rebuild_from() if is_incremental() else none %}
{% if is_incremental() %}{{ made_from(changed) }}{% endif %}
-- Grain: platform (source) x brand x period (day, week, month); brand 'all' for every brand together.
{{ market_periods(platforms=True, changed=changed) }}
