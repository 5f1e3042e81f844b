-- Profit is computed over the sales whose cost is known. Below 95 % it may not speak
-- for the shop: fill `Cost per item`, or unit_cost in products.csv.
{{ config(severity='warn') }}

select
    shop_id,
    sum(costed_sales) as costed_sales,
    sum(sales) as sales,
    cast(sum(costed_sales) as double) / nullif(sum(sales), 0) as cost_coverage
from {{ ref('fct_orders') }}
where is_placed
group by shop_id
having cast(sum(costed_sales) as double) / nullif(sum(sales), 0) < 0.95
