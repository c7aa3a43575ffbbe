{{ config(indexes=[{'columns': ['stat_date']}]) }}

-- Grain: source x day (UTC). A day with a run and no page has a row too: nothing is not the same as not tried.
with

pages as (

    select * from {{ ref('stg_raw__pages') }}

),

readings as (

    select * from {{ ref('stg_ops__page_readings') }}

),

runs as (

    select * from {{ ref('stg_ops__scrape_runs') }}

),

page_days as (

    select
        source_name,
        stat_date,
        count(*) as pages,
        percentile_cont(0.5) within group (order by duration_ms) as p50_duration_ms,
        percentile_cont(0.95) within group (order by duration_ms) as p95_duration_ms
    from pages
    group by source_name, stat_date

),

reading_days as (

    select
        source_name,
        stat_date,
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

)

select
    source_days.source_name,
    source_days.stat_date,
    cast(coalesce(page_days.pages, 0) as integer) as pages,
    cast(coalesce(reading_days.ok_pages, 0) as integer) as ok_pages,
    cast(coalesce(reading_days.empty_pages, 0) as integer) as empty_pages,
    cast(coalesce(reading_days.gone_pages, 0) as integer) as gone_pages,
    cast(coalesce(reading_days.blocked_pages, 0) as integer) as blocked_pages,
    cast(coalesce(reading_days.unauthorised_pages, 0) as integer) as unauthorised_pages,
    cast(coalesce(reading_days.throttled_pages, 0) as integer) as throttled_pages,
    cast(coalesce(reading_days.changed_pages, 0) as integer) as changed_pages,
    cast(coalesce(reading_days.items, 0) as bigint) as items,
    cast(coalesce(reading_days.new_items, 0) as bigint) as new_items,
    cast(coalesce(reading_days.changed_items, 0) as bigint) as changed_items,
    cast(coalesce(reading_days.quarantined, 0) as bigint) as quarantined,
    cast(coalesce(reading_days.unpriced, 0) as bigint) as unpriced,
    page_days.p50_duration_ms,
    page_days.p95_duration_ms,
    cast(coalesce(run_days.runs, 0) as integer) as runs,
    cast(coalesce(run_days.failed_runs, 0) as integer) as failed_runs
from source_days
left join page_days
    on source_days.source_name = page_days.source_name and source_days.stat_date = page_days.stat_date
left join reading_days
    on source_days.source_name = reading_days.source_name and source_days.stat_date = reading_days.stat_date
left join run_days
    on source_days.source_name = run_days.source_name and source_days.stat_date = run_days.stat_date
