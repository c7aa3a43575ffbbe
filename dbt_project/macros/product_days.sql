{#-
    Incremental models of products by day (unique_key: product_id first, price_date last): what lies in the look-back
    window is made anew, in one transaction, and a row that is the same stays as it is on disk. A window of a week run
    every hour would otherwise rewrite it all each time. Belongs here: the window, and how it replaces what is stored.
-#}

{#- Days back that are made anew, today not counted. Fewer than elsewhere unless told: a year is millions of rows. -#}
{% macro price_lookback_days() -%}
    {{ env_var('PRICESCOPE_LOOKBACK_DAYS', '2') | int }}
{%- endmacro %}

{#-
    The first day that a run makes anew: the look-back before today, or before the last day stored where no run came
    since. All that the price history holds where nothing is stored in the base currency, which was another until now.
    A long look-back ends where the history begins: the statistics from before it cannot be made again. A date as text,
    because the history is pruned by it when the query is planned. Days stored are searched from the last on: there is no
    more than a block index of them.

    kept_days: days that the model keeps, or none for all.
-#}
{% macro product_days_from(kept_days=none) -%}
    {%- if not execute -%}
        ({{ run_date() }} - {{ price_lookback_days() }})
    {%- else -%}
        {%- set first_seen = '(select min(observed_date) from ' ~ ref('stg_core__price_observations') ~ ')' -%}
        {%- set found = run_query(
            'select ' ~ ('greatest(' ~ first_seen ~ ', ' if price_lookback_days() | int > 7 else '(') ~ 'least(' ~ run_date() ~ ', coalesce('
            ~ '(select max(price_date) from ' ~ this ~ ' where currency = ' ~ base_currency()
            ~ ' and price_date >= ' ~ run_date() ~ '), '
            ~ '(select max(price_date) from ' ~ this ~ ' where currency = ' ~ base_currency()
            ~ ' and price_date >= ' ~ run_date() ~ ' - 1), '
            ~ '(select max(price_date) from ' ~ this ~ ' where currency = ' ~ base_currency()
            ~ ' and price_date >= ' ~ run_date() ~ ' - 40), '
            ~ '(select max(price_date) from ' ~ this ~ ' where currency = ' ~ base_currency() ~ '), '
            ~ first_seen ~ ')) - ' ~ price_lookback_days() ~ ')'
        ) -%}
        {%- set first = found.columns[0].values()[0] -%}
        {%- set oldest = (run_started_at.date() - modules.datetime.timedelta(days=kept_days or 0)) -%}
        cast('{{ first if kept_days is none or first > oldest else oldest }}' as date)
    {%- endif -%}
{%- endmacro %}

{#- The comment by which a model tells its strategy which days it made: the strategy must replace the same. -#}
{% macro made_from(since) -%}
    -- made from {{ since }}
{%- endmacro %}

{% macro days_made_from(code) -%}
    {%- set found = modules.re.search("-- made from (cast\\('[0-9-]{10}' as date\\))", code) -%}
    {%- if found is none -%}
        {{ exceptions.raise_compiler_error('the model says {{ made_from(since) }} nowhere') }}
    {%- endif -%}
    {{ found.group(1) }}
{%- endmacro %}

{#-
    Within the window the stored rows become those made. A product some of whose rows lie before it had its links
    changed, and is replaced from its first row on.
-#}
{% macro get_incremental_product_days_sql(arg_dict) %}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set made = arg_dict['temp_relation'] -%}
    {%- set keys = arg_dict['unique_key'] -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='name') | list -%}
    {%- set kept_days = config.get('meta', {}).get('kept_days') -%}
    {%- set since = days_made_from(model.compiled_code) -%}
    {%- set same_key -%}
        {%- for key in keys %}{{ 'and ' if not loop.first }}made.{{ key }} = kept.{{ key }} {% endfor -%}
    {%- endset -%}
    {%- set values = columns | reject('in', keys + ['computed_at']) | list -%}
    {%- set same_values -%}
        (made.{{ values | join(', made.') }}) is not distinct from (kept.{{ values | join(', kept.') }})
    {%- endset -%}

    -- Two runs at once would insert the same rows.
    select pg_advisory_xact_lock(hashtextextended('{{ target }}', 0));

    delete from {{ target }} as kept
    where
        kept.price_date >= {{ since }}
        and not exists (select from {{ made }} as made where {{ same_key }} and {{ same_values }});

    insert into {{ target }} ({{ columns | join(', ') }})
    select {{ columns | join(', ') }}
    from {{ made }} as made
    where
        made.price_date >= {{ since }}
        -- What is left of the window is made again just so: as many rows on both sides are the same ones. Of the rows,
        -- which lie by day: the key lies by product, and a window would be looked up in it product by product.
        and (select count(kept.ctid) from {{ target }} as kept where kept.price_date >= {{ since }})
        <> (select count(*) from {{ made }} where price_date >= {{ since }})
        and not exists (select from {{ target }} as kept where kept.price_date >= {{ since }} and {{ same_key }});

    -- Of a few products: by the key, and not by reading all.
    set local enable_nestloop = on;

    delete from {{ target }} as kept
    using (
        select
            product_id,
            min(price_date) as first_day
        from {{ made }}
        where price_date < {{ since }}
        group by product_id
    ) as relinked
    where
        kept.product_id = relinked.product_id
        and kept.price_date >= relinked.first_day
        and kept.price_date < {{ since }};

    insert into {{ target }} ({{ columns | join(', ') }})
    select {{ columns | join(', ') }}
    from {{ made }}
    where price_date < {{ since }};
    {%- if kept_days is not none %}

    delete from {{ target }} where price_date < {{ run_date() }} - {{ kept_days }};
    {%- endif %}
{% endmacro %}

{#-
    Post-hook: the primary key as a covering index, made after the rows, compact and in order. It answers for a
    product's year without the rows themselves, which lie by day.
-#}
{% macro covering_key(keys, includes) -%}
    do $$
    begin
        if not exists (select from pg_constraint where conrelid = '{{ this }}'::regclass and contype = 'p') then
            alter table {{ this }} add primary key ({{ keys | join(', ') }}) include ({{ includes | join(', ') }});
            alter table {{ this }} set (
                autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02
            );
        end if;
    end
    $$
{%- endmacro %}

{#- Post-hook outside the transaction: a table just made is marked visible to all, so that its index alone answers. -#}
{% macro vacuum_if_new() -%}
    {%- set seen = run_query(
        "select relallvisible * 2 < relpages from pg_class where oid = '" ~ this ~ "'::regclass"
    ) if execute -%}
    {%- if seen and seen.columns[0].values()[0] -%}
        vacuum {{ this }}
    {%- else -%}
        select 1
    {%- endif -%}
{%- endmacro %}

{#-
    Pre-hook: memory for sorts of some hundred thousand rows, and hashes for joining. How many prices a window holds is
    not guessed well, and in a database without statistics a join of nested loops takes a hundred times as long.
-#}
{% macro prepare_for_many_rows() -%}
    set local work_mem = '64MB'; set local enable_mergejoin = off; set local enable_nestloop = off
{%- endmacro %}
