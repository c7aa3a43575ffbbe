{{
    config(
        materialized='table',
        indexes=[{'columns': ['from_currency_code', 'to_currency_code', 'rate_date'], 'unique': true}],
        post_hook="analyze {{ this }}",
    )
}}

-- Every pair of currencies in use that shares a base on a day: one unit of from_currency_code is worth `rate` of the
-- other. A table with an index, because each day of each pair is looked up; of currencies in use, because two banks
-- quote some eighty, and their pairs over years would be millions. In use is also what a listing cost before it was
-- priced in another currency: the whole history is read for it once, then its newest days, and what was found is kept.
with

rates as (

    select * from {{ ref('stg_core__fx_rates') }}

),

observations as (

    select * from {{ ref('stg_core__price_observations') }}

),

in_use as (

    select currency_code from {{ ref('stg_core__listing_states') }}
    union
    select currency_code from {{ ref('stg_app__watches') }}
    union
    select {{ base_currency() }} as currency_code
    union
    select observations.currency_code from observations
    {%- if is_made_before() %}
        where observations.observed_at >= {{ midnight(run_date() ~ ' - ' ~ lookback_days()) }}
        union
        select kept.from_currency_code from {{ this }} as kept
    {%- endif %}

),

legs as (

    select
        rate_date,
        base_currency_code,
        currency_code,
        rate
    from rates
    where currency_code in (select in_use.currency_code from in_use)

    union

    select
        rate_date,
        base_currency_code,
        base_currency_code as currency_code,
        1 as rate
    from rates
    where base_currency_code in (select in_use.currency_code from in_use)

)

-- Two providers may quote the same pair: the one whose base is in the pair needed no crossing.
select distinct on (source_leg.rate_date, source_leg.currency_code, target_leg.currency_code)
    source_leg.rate_date,
    source_leg.currency_code as from_currency_code,
    target_leg.currency_code as to_currency_code,
    cast(source_leg.rate / target_leg.rate as numeric(38, 18)) as rate
from legs as source_leg
inner join legs as target_leg
    on
        source_leg.rate_date = target_leg.rate_date
        and source_leg.base_currency_code = target_leg.base_currency_code
        and source_leg.currency_code <> target_leg.currency_code
order by
    source_leg.rate_date asc,
    source_leg.currency_code asc,
    target_leg.currency_code asc,
    (source_leg.base_currency_code in (source_leg.currency_code, target_leg.currency_code)) desc,
    source_leg.base_currency_code asc
