-- Grain: look-back x category (and 'all') x source. Of the days on which a product was on offer at several sources, the
-- share on which this one asked the least; equal prices are won by each. A product on offer nowhere else is no contest.
{% set recent = {} %}
{% for days in (7, 30) %}
    {% do recent.update({days: 'prices.price_date > ' ~ run_date() ~ ' - ' ~ days}) %}
{% endfor %}

with

prices as (

    select * from {{ ref('int_product_source_prices__daily') }}
    where
        price_date > {{ run_date() }} - 30
        and min_price > 0
        and currency = {{ base_currency() }}

),

products as (

    select * from {{ ref('stg_core__products') }}

),

lows as (

    select
        product_id,
        price_date,
        count(*) as sources,
        min(min_price) as low_price
    from prices
    group by product_id, price_date

),

-- First by product, which leaves little to be sorted into look-backs and categories.
counted as (

    select
        prices.product_id,
        prices.source_name,
    {%- for days in (7, 30) %}
        count(*) filter (where {{ recent[days] }}) as days_{{ days }}d,
        count(*) filter (where {{ recent[days] }} and lows.sources > 1) as contested_{{ days }}d,
        count(*) filter (
            where {{ recent[days] }} and lows.sources > 1 and prices.min_price = lows.low_price
        ) as wins_{{ days }}d,
        sum(100 * (prices.min_price - lows.low_price) / lows.low_price) filter (
            where {{ recent[days] }} and lows.sources > 1
        ) as gap_{{ days }}d{{ ',' if not loop.last }}
    {%- endfor %}
    from prices
    inner join lows
        on
            prices.product_id = lows.product_id
            and prices.price_date = lows.price_date
    group by prices.product_id, prices.source_name

),

scoped as (

    select
        look_backs.lookback_days,
        scopes.category,
        counted.source_name,
        look_backs.product_days,
        look_backs.contested_days,
        look_backs.wins,
        look_backs.gap
    from counted
    inner join products on counted.product_id = products.product_id
    cross join
        lateral (
            values
            (7, counted.days_7d, counted.contested_7d, counted.wins_7d, counted.gap_7d),
            (30, counted.days_30d, counted.contested_30d, counted.wins_30d, counted.gap_30d)
        ) as look_backs (lookback_days, product_days, contested_days, wins, gap)
    cross join
        lateral (
            values
            ('all'),
            (nullif(products.category, 'all'))
        ) as scopes (category)
    where
        look_backs.product_days > 0
        and scopes.category is not null

),

summed as (

    select
        lookback_days,
        category,
        source_name,
        count(*) as products,
        sum(product_days) as product_days,
        sum(contested_days) as contested_days,
        sum(wins) as wins,
        sum(gap) as gap
    from scoped
    group by lookback_days, category, source_name

)

select
    lookback_days,
    category,
    source_name,
    cast(products as integer) as products,
    cast(product_days as integer) as product_days,
    cast(contested_days as integer) as contested_days,
    cast(wins as integer) as wins,
    cast(wins / nullif(contested_days, 0) as numeric(9, 6)) as win_share,
    cast(gap / nullif(contested_days, 0) as numeric(24, 2)) as mean_gap_percent,
    case
        when contested_days > 0
            then cast(
                rank() over (
                    partition by lookback_days, category, contested_days > 0
                    order by wins / nullif(contested_days, 0) desc
                ) as integer
            )
    end as win_rank
from summed
