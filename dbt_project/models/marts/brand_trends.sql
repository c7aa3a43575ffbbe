{{
    config(
        materialized='incremental',
        incremental_strategy='rebuild_periods',
        unique_key='period_start',
        on_schema_change='fail',
        pre_hook="set local work_mem = '64MB'",
        indexes=[
            {'columns': ['period_start']},
            {'columns': ['period', 'period_start']},
        ],
    )
}}

-- Grain: brand x period, over all platforms (day, week, month); brand 'all' for every brand together.
{{ market_periods(platforms=False, since=rebuild_periods_from() if is_incremental() else none) }}
