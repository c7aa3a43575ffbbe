-- Grain: watch x condition, and condition 'all' for the watch's parent group. The candidate of a rule is still inside
-- these; warehouse.baselines leaves it out.
with

grouped as (

    select * from {{ ref('int_watch_comparables__grouped') }}

),

valued as (

    select * from {{ ref('int_watch_listings__valued') }}

),

centres as (

    select
        watch_id,
        condition_group,
        percentile_cont(0.5) within group (order by log_price) as log_median
    from grouped
    group by watch_id, condition_group

),

moments as (

    select
        grouped.watch_id,
        grouped.condition_group,
        count(*) as n,
        avg(grouped.price) as mean,
        stddev_samp(grouped.price) as stddev,
        percentile_cont(0.25) within group (order by grouped.price) as q1,
        percentile_cont(0.5) within group (order by grouped.price) as median,
        percentile_cont(0.75) within group (order by grouped.price) as q3,
        min(grouped.price) as min_price,
        max(grouped.price) as max_price,
        avg(grouped.log_price) as log_mean,
        stddev_samp(grouped.log_price) as log_stddev,
        percentile_cont(0.1) within group (order by grouped.log_price) as log_q10,
        percentile_cont(0.5) within group (order by abs(grouped.log_price - centres.log_median)) as log_mad
    from grouped
    inner join centres
        on
            grouped.watch_id = centres.watch_id
            and grouped.condition_group = centres.condition_group
    group by grouped.watch_id, grouped.condition_group

),

unconverted as (

    select
        watch_id,
        condition as condition_group,
        count(*) as unconvertible
    from valued
    where price is null
    group by watch_id, condition

    union all

    select
        watch_id,
        'all' as condition_group,
        count(*) as unconvertible
    from valued
    where
        price is null
        and condition <> 'for_parts'
    group by watch_id

),

currencies as (

    select distinct
        watch_id,
        currency_code
    from valued

),

joined as (

    select
        coalesce(moments.watch_id, unconverted.watch_id) as watch_id,
        coalesce(moments.condition_group, unconverted.condition_group) as condition,
        coalesce(moments.n, 0) as n,
        coalesce(unconverted.unconvertible, 0) as unconvertible,
        moments.mean,
        moments.stddev,
        moments.q1,
        moments.median,
        moments.q3,
        moments.min_price,
        moments.max_price,
        moments.log_mean,
        moments.log_stddev,
        moments.log_median,
        moments.log_q10,
        moments.log_mad
    from (
        select
            moments.*,
            centres.log_median
        from moments
        inner join centres
            on
                moments.watch_id = centres.watch_id
                and moments.condition_group = centres.condition_group
    ) as moments
    full outer join unconverted
        on
            moments.watch_id = unconverted.watch_id
            and moments.condition_group = unconverted.condition_group

)

select
    joined.watch_id,
    joined.condition,
    currencies.currency_code as currency,
    cast(joined.n as integer) as n,
    cast(joined.unconvertible as integer) as unconvertible,
    cast(joined.mean as numeric(24, 8)) as mean,
    cast(joined.stddev as numeric(24, 8)) as stddev,
    cast(joined.q1 as numeric(18, 4)) as q1,
    cast(joined.median as numeric(18, 4)) as median,
    cast(joined.q3 as numeric(18, 4)) as q3,
    joined.min_price,
    joined.max_price,
    joined.log_mean,
    joined.log_stddev,
    joined.log_median,
    joined.log_q10,
    joined.log_mad,
    cast({{ comparables_window_days() }} as integer) as window_days,
    current_timestamp as computed_at
from joined
inner join currencies on joined.watch_id = currencies.watch_id
