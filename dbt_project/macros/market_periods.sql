{#- sqlfluff sees the branches of a macro without what calls it. -#}
-- noqa: disable=LT02
{#-
    The market by day, week and month: a select of all rows whose period reaches a day on or after `changed` (none: all).
    platforms: a row for each source and brand and one for each source with brand 'all'; without: one for each brand
    and one with brand 'all'. Both trend models are this over other groups, and a median of the groups is not to be had
    from the medians of their parts.
-#}
{% macro market_periods(platforms, changed=none) -%}
    {%- set since = none if changed is none else first_period_from(changed) -%}
    {%- set keys = ['source_name', 'brand', 'period', 'period_start'] if platforms
        else ['brand', 'period', 'period_start'] -%}
    {%- set sets = '(source_name, brand), (source_name)' if platforms else '(brand), ()' -%}
    {%- set number_sets = '(source_number, brand_number), (source_number)' if platforms else '(brand_number), ()' -%}
    {%- set groups -%}
        {% if platforms %}source_name,{% endif %}
        case when grouping(brand) = 1 then 'all' else brand end as brand,
        period,
        period_start
    {%- endset -%}
    {%- set grouped -%}
        group by period, period_start, grouping sets ({{ sets }})
    {%- endset -%}

    with

    listings as (

        select * from {{ ref('stg_core__listings') }}

    ),

    states as (

        select * from {{ ref('stg_core__listing_states') }}

    ),

    outcomes as (

        select * from {{ ref('int_listing_outcomes__dated') }}

    ),

    periods as (

        select unnest(array['day', 'week', 'month']) as period

    ),

    prices as (

        {{ prices_in_base_currency(since=since, changed=changed) }}

    ),

    -- Groups by number: a median needs its rows in order, and four texts of a million rows are slow to sort.
    calendar as (

        select
            days.observed_date,
            periods.period,
            cast(date_trunc(periods.period, cast(days.observed_date as timestamp)) as date) as period_start,
            cast(
                date_trunc(periods.period, cast(days.observed_date as timestamp))
                + cast('1 ' || periods.period as interval) as date
            ) as next_start,
            dense_rank() over (
                order by periods.period, date_trunc(periods.period, cast(days.observed_date as timestamp))
            ) as period_number
        from (select distinct prices.observed_date from prices) as days
        cross join periods
        {%- if changed is not none %}
            where
                date_trunc(periods.period, cast(days.observed_date as timestamp))
                + cast('1 ' || periods.period as interval) > {{ changed }}
        {%- endif %}

    ),

    names as (

        select
            source_name,
            brand,
            dense_rank() over (order by source_name) as source_number,
            dense_rank() over (order by brand) as brand_number
        from (
            select distinct
                listings.source_name,
                listings.brand
            from listings
        ) as pairs

    ),

    groups as materialized (

        select
            listings.listing_id,
            names.source_number,
            names.brand_number,
            states.favourite_count,
            states.view_count
        from listings
        inner join names on listings.source_name = names.source_name and listings.brand = names.brand
        inner join states on listings.listing_id = states.listing_id

    ),

    -- A listing counts once a period, with the last price seen in it: the one after it lies in another period.
    seen as (

        select
            calendar.period_number,
            groups.source_number,
            groups.brand_number,
            prices.price,
            prices.is_unconvertible,
            groups.favourite_count,
            groups.view_count
        from prices
        inner join calendar
            on
                prices.observed_date = calendar.observed_date
                and (prices.next_date is null or prices.next_date >= calendar.next_start)
        inner join groups on prices.listing_id = groups.listing_id

    ),

    numbered as (

        select
            period_number,
            {% if platforms %}source_number,{% endif %}
            brand_number,
            count(*) as listings,
            count(price) as priced,
            count(*) filter (where is_unconvertible) as unconvertible,
            avg(price) as mean_price,
            percentile_cont(0.5) within group (order by price) as median_price,
            min(price) as min_price,
            max(price) as max_price,
            sum(favourite_count) as favourites,
            count(favourite_count) as favourite_listings,
            sum(view_count) as views,
            count(view_count) as view_listings
        from seen
        group by period_number, grouping sets ({{ number_sets }})

    ),

    offered as (

        select
            {% if platforms %}sources.source_name,{% endif %}
            coalesce(brands.brand, 'all') as brand,
            starts_of_periods.period,
            starts_of_periods.period_start,
            numbered.*
        from numbered
        inner join (
            select distinct
                calendar.period_number,
                calendar.period,
                calendar.period_start
            from calendar
        ) as starts_of_periods on numbered.period_number = starts_of_periods.period_number
        {% if platforms -%}
            inner join (
                select distinct
                    names.source_number,
                    names.source_name
                from names
            ) as sources on numbered.source_number = sources.source_number
        {%- endif %}
        left join (
            select distinct
                names.brand_number,
                names.brand
            from names
        ) as brands on numbered.brand_number = brands.brand_number

    ),

    starts as (

        select
            listings.source_name,
            listings.brand,
            periods.period,
            cast(date_trunc(periods.period, listings.first_seen_at at time zone 'UTC') as date) as period_start
        from listings
        cross join periods
        {%- if since is not none %}
            -- And those of the period before the first, which growth is measured by.
            where listings.first_seen_at >= {{ midnight("(" ~ since ~ " - interval '1 month')") }}
        {%- endif %}

    ),

    started as (

        select
            {{ groups }},
            count(*) as new_listings
        from starts
        {{ grouped }}

    ),

    ends as (

        select
            outcomes.source_name,
            outcomes.brand,
            outcomes.outcome,
            periods.period,
            cast(date_trunc(periods.period, outcomes.ended_at at time zone 'UTC') as date) as period_start
        from outcomes
        cross join periods
        where
            outcomes.outcome <> 'open'
            {%- if since is not none %}
                and outcomes.ended_at >= {{ midnight(since) }}
            {%- endif %}

    ),

    ended as (

        select
            {{ groups }},
            count(*) filter (where outcome = 'sold') as sold,
            count(*) filter (where outcome = 'gone') as gone
        from ends
        {{ grouped }}

    ),

    happened as (

        select {{ keys | join(', ') }} from offered
        union
        select {{ keys | join(', ') }} from started
        union
        select {{ keys | join(', ') }} from ended

    ),

    joined as (

        select
            {% for key in keys -%}
                happened.{{ key }},
            {% endfor -%}
            coalesce(offered.listings, 0) as listings,
            coalesce(started.new_listings, 0) as new_listings,
            coalesce(before.new_listings, 0) as new_before,
            coalesce(ended.sold, 0) as sold,
            coalesce(ended.gone, 0) as gone,
            coalesce(offered.priced, 0) as priced,
            coalesce(offered.unconvertible, 0) as unconvertible,
            offered.mean_price,
            offered.median_price,
            offered.min_price,
            offered.max_price,
            offered.favourites,
            coalesce(offered.favourite_listings, 0) as favourite_listings,
            offered.views,
            coalesce(offered.view_listings, 0) as view_listings
        from happened
        left join offered on {{ same_keys('happened', 'offered', keys) }}
        left join started on {{ same_keys('happened', 'started', keys) }}
        left join ended on {{ same_keys('happened', 'ended', keys) }}
        left join started as before
            on
                {{ same_keys('happened', 'before', keys[:-1]) }}
                and before.period_start = cast(
                    happened.period_start - cast('1 ' || happened.period as interval) as date
                )
        {%- if changed is not none %}
            where {{ period_end('happened.') }} > {{ changed }}
        {%- endif %}

    ),

    scored as (

        select
            joined.*,
            cast(new_listings as numeric) / nullif(new_listings + new_before, 0) as growth,
            cast(sold + gone as numeric) / nullif(greatest(listings, sold + gone), 0) as turnover,
            cast(favourites as numeric) / nullif(favourites + favourite_listings, 0) as interest
        from joined

    )

    select
        {% for key in keys -%}
            {{ key }},
        {% endfor -%}
        {{ period_end() }} <= {{ run_date() }} as is_complete,
        cast({{ base_currency() }} as text) as currency,
        cast(listings as integer) as listings,
        cast(new_listings as integer) as new_listings,
        cast(sold as integer) as sold,
        cast(gone as integer) as gone,
        cast(priced as integer) as priced,
        cast(unconvertible as integer) as unconvertible,
        cast(mean_price as numeric(38, 4)) as mean_price,
        cast(median_price as numeric(38, 4)) as median_price,
        cast(min_price as numeric(38, 4)) as min_price,
        cast(max_price as numeric(38, 4)) as max_price,
        cast(favourites as bigint) as favourites,
        cast(favourite_listings as integer) as favourite_listings,
        cast(views as bigint) as views,
        cast(view_listings as integer) as view_listings,
        cast(
            case when listings > 0 then 100 end
            * (coalesce(growth, 0) + coalesce(turnover, 0) + coalesce(interest, 0))
            / nullif(num_nonnulls(growth, turnover, interest), 0) as numeric(5, 2)
        ) as trend_score
    from scored
    {{ kept_days('period_start', '(select min(prices.observed_date) from prices)') }}
{%- endmacro %}

{% macro same_keys(left, right, keys) -%}
    {% for key in keys -%}
        {{ left }}.{{ key }} = {{ right }}.{{ key }}{{ ' and ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
