-- Grain: scope (product or category) x subject x region (and 'all') x unit x currency x month of the deal. Of positions
-- with a unit price in completed lots; currencies and units are never mixed. A unit price is for one unit, so each
-- position counts once, whatever its quantity.
with

lots as (

    select * from {{ ref('stg_core__lots') }}

),

items as (

    select * from {{ ref('stg_core__lot_items') }}

),

bought as (

    select
        lots.lot_id,
        items.quantity,
        items.unit_price,
        coalesce(items.currency_code, lots.currency_code) as currency,
        cast(date_trunc('month', lots.deal_date) as date) as month_start,
        {{ grouping_key('items.item_name') }} as product,
        {{ grouping_key('lots.category') }} as category,
        coalesce(nullif({{ grouping_key('lots.region') }}, 'all'), 'unknown') as region,
        {{ grouping_key('items.unit') }} as unit
    from items
    inner join lots on items.lot_id = lots.lot_id
    where
        lots.status = 'completed'
        and items.unit_price > 0
        and coalesce(items.currency_code, lots.currency_code) is not null

),

scoped as (

    select
        scopes.scope,
        scopes.subject,
        regions.region,
        bought.unit,
        bought.currency,
        bought.month_start,
        bought.lot_id,
        bought.quantity,
        bought.unit_price
    from bought
    cross join
        lateral (
            values
            ('product', bought.product),
            ('category', bought.category)
        ) as scopes (scope, subject)
    cross join lateral (
        values
        (bought.region),
        ('all')
    ) as regions (region)

),

grouped as (

    select
        scope,
        subject,
        region,
        unit,
        currency,
        month_start,
        count(*) as n,
        count(distinct lot_id) as lots,
        sum(quantity) as quantity,
        min(unit_price) as min_price,
        max(unit_price) as max_price,
        array_agg(unit_price order by unit_price) as ordered_prices
    from scoped
    group by scope, subject, region, unit, currency, month_start

)

select
    scope,
    subject,
    region,
    unit,
    currency,
    month_start,
    cast(n as integer) as n,
    cast(lots as integer) as lots,
    cast(quantity as numeric(30, 6)) as quantity,
    cast(min_price as numeric(24, 4)) as min_price,
    cast((ordered_prices[(n + 1) / 2] + ordered_prices[n / 2 + 1]) / 2 as numeric(24, 4)) as median_price,
    cast(max_price as numeric(24, 4)) as max_price
from grouped
