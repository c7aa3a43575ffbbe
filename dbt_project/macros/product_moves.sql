{#-
    How the lowest price of each product last on offer within the window moved over 1, 7 and 30 days: the columns of
    price_drops and price_rises, ranked by per cent, then by amount.

    products: the relation, as product_stats; direction: asc for drops, desc for rises.
-#}
{% macro product_moves(products, direction) -%}
    select
        windows.window_days,
        cast(
            row_number() over (
                partition by windows.window_days
                order by
                    windows.change_percent {{ direction }},
                    products.price - windows.previous_price {{ direction }},
                    products.product_id asc
            ) as integer
        ) as price_rank,
        products.product_id,
        products.sku,
        products.name,
        products.category,
        products.currency,
        products.price_date,
        products.price,
        windows.previous_date,
        windows.previous_price,
        cast(products.price - windows.previous_price as numeric(24, 4)) as change_amount,
        windows.change_percent,
        products.best_source,
        products.is_all_time_low,
        products.is_low_confidence
    from {{ products }} as products
    cross join lateral (
        values
        (1, products.date_1d, products.price_1d, products.change_1d_percent),
        (7, products.date_7d, products.price_7d, products.change_7d_percent),
        (30, products.date_30d, products.price_30d, products.change_30d_percent)
    ) as windows (window_days, previous_date, previous_price, change_percent)
    where
        products.price_date >= {{ run_date() }} - windows.window_days
        and windows.change_percent {{ '<' if direction == 'asc' else '>' }} 0
{%- endmacro %}
