{{
    config(
        materialized='incremental',
        incremental_strategy='rebuild_days',
        unique_key='stat_date',
        on_schema_change='fail',
        pre_hook="set local work_mem = '64MB'",
        indexes=[{'columns': ['stat_date']}],
    )
}}

-- Grain: source x day (UTC). A day with a run and no page has a row too: nothing is not the same as not tried.
-- What a day is compared with are the seven days before it, so so many more are read than are made. Its prices are
-- those of the market's days, which are of the same listings: the history is read once for both.
{% set since = rebuild_from() %}
{% set first_read = '(' ~ since ~ ' - 7)' %}

with

pages as (

    select * from {{ ref('stg_raw__pages') }}
    {%- if is_incremental() %}
        where fetched_at >= {{ midnight(since) }}
    {%- endif %}

),

readings as (

    select * from {{ ref('stg_ops__page_readings') }}
    {%- if is_incremental() %}
        where stat_date >= {{ first_read }}
    {%- endif %}

),

runs as (

    select * from {{ ref('stg_ops__scrape_runs') }}
    {%- if is_incremental() %}
        where stat_date >= {{ since }}
    {%- endif %}

),

page_days as (

    select
        pages.source_name,
        pages.stat_date,
        count(*) as pages,
        count(*) filter (where readings.page_id is null) as unread_pages,
        percentile_cont(0.5) within group (order by pages.duration_ms) as p50_duration_ms,
        percentile_cont(0.95) within group (order by pages.duration_ms) as p95_duration_ms,
        percentile_cont(0.5) within group (order by pages.duration_ms)
        filter (where readings.meaning in ('ok', 'empty', 'gone')) as answered_p50_duration_ms,
        percentile_cont(0.95) within group (order by pages.duration_ms)
        filter (where readings.meaning in ('ok', 'empty', 'gone')) as answered_p95_duration_ms
    from pages
    left join readings on pages.page_id = readings.page_id
    group by pages.source_name, pages.stat_date

),

reading_days as (

    select
        source_name,
        stat_date,
        count(*) as read_pages,
        count(*) filter (where meaning = 'ok') as ok_pages,
        count(*) filter (where meaning = 'empty') as empty_pages,
        count(*) filter (where meaning = 'gone') as gone_pages,
        count(*) filter (where meaning = 'blocked') as blocked_pages,
        count(*) filter (where meaning = 'unauthorised') as unauthorised_pages,
        count(*) filter (where meaning = 'throttled') as throttled_pages,
        count(*) filter (where meaning = 'changed') as changed_pages,
        sum(records) as items,
        sum(new_items) as new_items,
        sum(changed_items) as changed_items,
        sum(quarantined) as quarantined,
        sum(unpriced) as unpriced
    from readings
    group by source_name, stat_date

),

run_days as (

    select
        source_name,
        stat_date,
        count(*) as runs,
        count(*) filter (where state = 'failure') as failed_runs
    from runs
    group by source_name, stat_date

),

price_days as (

    select
        source_name,
        period_start as stat_date,
        priced as priced_listings,
        median_price
    from {{ ref('market_trends') }}
    where
        period = 'day'
        and brand = 'all'
        and currency = {{ base_currency() }}
        {%- if is_incremental() %}
            and period_start >= {{ first_read }}
        {%- endif %}

),

source_days as (

    select
        source_name,
        stat_date
    from page_days

    union

    select
        source_name,
        stat_date
    from reading_days

    union

    select
        source_name,
        stat_date
    from run_days

),

measured as (

    select
        source_days.source_name,
        source_days.stat_date,
        coalesce(page_days.pages, 0) as pages,
        coalesce(page_days.unread_pages, 0) as unread_pages,
        coalesce(reading_days.ok_pages, 0) as ok_pages,
        coalesce(reading_days.empty_pages, 0) as empty_pages,
        coalesce(reading_days.gone_pages, 0) as gone_pages,
        coalesce(reading_days.blocked_pages, 0) as blocked_pages,
        coalesce(reading_days.unauthorised_pages, 0) as unauthorised_pages,
        coalesce(reading_days.throttled_pages, 0) as throttled_pages,
        coalesce(reading_days.changed_pages, 0) as changed_pages,
        reading_days.read_pages,
        coalesce(reading_days.items, 0) as items,
        coalesce(reading_days.new_items, 0) as new_items,
        coalesce(reading_days.changed_items, 0) as changed_items,
        coalesce(reading_days.quarantined, 0) as quarantined,
        coalesce(reading_days.unpriced, 0) as unpriced,
        page_days.p50_duration_ms,
        page_days.p95_duration_ms,
        page_days.answered_p50_duration_ms,
        page_days.answered_p95_duration_ms,
        coalesce(run_days.runs, 0) as runs,
        coalesce(run_days.failed_runs, 0) as failed_runs,
        coalesce(price_days.priced_listings, 0) as priced_listings,
        price_days.median_price
    from source_days
    left join page_days
        on source_days.source_name = page_days.source_name and source_days.stat_date = page_days.stat_date
    left join reading_days
        on source_days.source_name = reading_days.source_name and source_days.stat_date = reading_days.stat_date
    left join run_days
        on source_days.source_name = run_days.source_name and source_days.stat_date = run_days.stat_date
    left join price_days
        on source_days.source_name = price_days.source_name and source_days.stat_date = price_days.stat_date
    {%- if is_incremental() %}
        where source_days.stat_date >= {{ since }}
    {%- endif %}

),

compared as (

    select
        measured.*,
        cast(week_items.median_items as numeric(24, 1)) as items_7d_median,
        cast(week_prices.median_price as numeric(38, 4)) as price_7d_median
    from measured
    left join lateral (
        select percentile_cont(0.5) within group (order by earlier.items) as median_items
        from reading_days as earlier
        where
            earlier.source_name = measured.source_name
            and earlier.stat_date between measured.stat_date - 7 and measured.stat_date - 1
    ) as week_items on true
    left join lateral (
        select percentile_cont(0.5) within group (order by earlier.median_price) as median_price
        from price_days as earlier
        where
            earlier.source_name = measured.source_name
            and earlier.stat_date between measured.stat_date - 7 and measured.stat_date - 1
    ) as week_prices on true

)

select
    source_name,
    stat_date,
    cast(pages as integer) as pages,
    cast(ok_pages as integer) as ok_pages,
    cast(empty_pages as integer) as empty_pages,
    cast(gone_pages as integer) as gone_pages,
    cast(blocked_pages as integer) as blocked_pages,
    cast(unauthorised_pages as integer) as unauthorised_pages,
    cast(throttled_pages as integer) as throttled_pages,
    cast(changed_pages as integer) as changed_pages,
    cast(unread_pages as integer) as unread_pages,
    cast(
        cast(ok_pages + empty_pages + gone_pages as numeric) / nullif(read_pages, 0) as numeric(9, 6)
    ) as success_rate,
    cast(items as bigint) as items,
    cast(new_items as bigint) as new_items,
    cast(changed_items as bigint) as changed_items,
    cast(quarantined as bigint) as quarantined,
    cast(unpriced as bigint) as unpriced,
    items_7d_median,
    cast(items / nullif(items_7d_median, 0) as numeric(24, 4)) as items_share,
    -- A day that is not over has too few by its nature.
    case
        when stat_date >= {{ run_date() }} then 'open'
        when items = 0 then 'error'
        when items < 0.3 * items_7d_median then 'warn'
        else 'ok'
    end as items_level,
    p50_duration_ms,
    p95_duration_ms,
    answered_p50_duration_ms,
    answered_p95_duration_ms,
    cast(runs as integer) as runs,
    cast(failed_runs as integer) as failed_runs,
    cast({{ base_currency() }} as text) as currency,
    cast(priced_listings as integer) as priced_listings,
    median_price,
    price_7d_median,
    cast(
        100 * (median_price - price_7d_median) / nullif(price_7d_median, 0) as numeric(38, 2)
    ) as price_trend_percent
from compared
{{ kept_days('stat_date', '(select min(pages.stat_date) from pages)') }}
