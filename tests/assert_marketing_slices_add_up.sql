-- Spend, costs, sales, new customers and credit of the members of each dimension are
-- those of the whole: no channel, platform or campaign is lost or counted twice.
with totals as (
    select
        grain,
        period_start,
        dimension,
        sum(ad_spend) as ad_spend,
        sum(clicks) as clicks,
        sum(total_spend) as total_spend,
        sum(acquisition_cost_full) as acquisition_cost_full,
        sum(sales) as sales,
        sum(new_customers) as new_customers,
        sum(attributed_orders) as attributed_orders,
        sum(attributed_sales) as attributed_sales,
        sum(paid_attributed_sales) as paid_attributed_sales
    from {{ ref('rollup_marketing') }}
    group by 1, 2, 3
)

select
    sliced.grain,
    sliced.period_start,
    sliced.dimension,
    sliced.ad_spend,
    whole.ad_spend as whole_ad_spend,
    sliced.attributed_orders,
    whole.attributed_orders as whole_attributed_orders
from totals as sliced
left join totals as whole
    on
        sliced.grain = whole.grain
        and sliced.period_start = whole.period_start
        and whole.dimension = 'all'
where
    whole.dimension is null
    or sliced.ad_spend <> whole.ad_spend
    or sliced.clicks <> whole.clicks
    or sliced.total_spend <> whole.total_spend
    or sliced.acquisition_cost_full <> whole.acquisition_cost_full
    or sliced.sales <> whole.sales
    or sliced.new_customers <> whole.new_customers
    or abs(sliced.attributed_orders - whole.attributed_orders) > 0.000001
    or sliced.attributed_sales <> whole.attributed_sales
    or sliced.paid_attributed_sales <> whole.paid_attributed_sales
