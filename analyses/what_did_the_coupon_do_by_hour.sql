-- What did the coupon do to sales per hour? The newest day on which a code was used,
-- beside the same weekday a week earlier.
with coupon_days as (
    select max(order_date) as coupon_date
    from {{ ref('fct_orders') }}
    where is_placed and discount_code is not null
),

hours as (
    select
        cast(kpi_total_sales.period_start as date) as sales_date,
        extract(hour from kpi_total_sales.period_start) as hour_of_day,
        kpi_total_sales.value as total_sales
    from {{ ref('kpi_total_sales') }} as kpi_total_sales
    where kpi_total_sales.grain = 'hour' and kpi_total_sales.dimension = 'all'
)

select
    hours.hour_of_day,
    sum(
        case when hours.sales_date = coupon_days.coupon_date then hours.total_sales end
    ) as sales_with_coupon,
    sum(
        case when hours.sales_date < coupon_days.coupon_date then hours.total_sales end
    ) as sales_a_week_before
from hours
cross join coupon_days
where
    hours.sales_date = coupon_days.coupon_date
    or hours.sales_date = cast(coupon_days.coupon_date - interval '7' day as date)
group by hours.hour_of_day
order by hours.hour_of_day nulls last
