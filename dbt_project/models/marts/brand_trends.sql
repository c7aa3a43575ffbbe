{{
    config(
        materialized='incremental',
        incremental_strategy='rebuild_periods',
        unique_key='period_start',
        on_schema_change='fail',
        pre_hook="{{ prepare_for_many_rows() }}",
        indexes=[
            {'columns': ['period_start']},
            {'columns': ['period', 'period_start']},
        ],
    )
}}

{% set changed = rebuild_from() if is_incremental() else none %}
{% if is_incremental() %}{{ made_from(changed) }}{% endif %}
-- Grain: brand x period, over all platforms (day, week, month); brand 'all' for every brand together.
{{ market_periods(platforms=False, changed=changed) }}
