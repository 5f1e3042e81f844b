-- Days added up again are the month, in every slice: spend, clicks, sales, credit.
with days as (
    select
        cast(date_trunc('month', period_start) as timestamp) as period_start,
        dimension,
        member,
        sum(ad_spend) as ad_spend,
        sum(clicks) as clicks,
        sum(acquisition_cost_full) as acquisition_cost_full,
        sum(sales) as sales,
        sum(new_customers) as new_customers,
        sum(attributed_orders) as attributed_orders
    from {{ ref('rollup_marketing') }}
    where grain = 'day'
    group by 1, 2, 3
)

select
    coalesce(months.period_start, days.period_start) as period_start,
    coalesce(months.dimension, days.dimension) as dimension,
    coalesce(months.member, days.member) as member,
    months.ad_spend,
    days.ad_spend as days_ad_spend,
    months.sales,
    days.sales as days_sales
from (
    select
        period_start,
        dimension,
        member,
        ad_spend,
        clicks,
        acquisition_cost_full,
        sales,
        new_customers,
        attributed_orders
    from {{ ref('rollup_marketing') }}
    where grain = 'month'
) as months
full outer join days
    on
        months.period_start = days.period_start
        and months.dimension = days.dimension
        and months.member = days.member
where
    months.member is null
    or days.member is null
    or months.ad_spend <> days.ad_spend
    or months.clicks <> days.clicks
    or months.acquisition_cost_full <> days.acquisition_cost_full
    or months.sales <> days.sales
    or months.new_customers <> days.new_customers
    or abs(months.attributed_orders - days.attributed_orders) > 0.000001
