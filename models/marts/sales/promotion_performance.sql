-- A code is known in capitals; several on one order are a promotion of their own, for
-- nobody can tell which of them gave which part of the discount.
with orders as (
    select
        order_id,
        shop_id,
        customer_id,
        customer_type,
        order_date,
        cast(date_trunc('month', order_date) as date) as month_start,
        ordered_at_local,
        upper(trim(discount_code)) as coupon,
        -- (direct), (not set) and their like are what analytics writes for none.
        case
            when trim(campaign_name) <> '' and campaign_name not like '(%'
                then trim(campaign_name)
        end as campaign_name,
        gross_sales,
        discounts,
        sales,
        costed_sales,
        cogs
    from {{ ref('fct_orders') }}
    where is_placed
),

promoted as (
    select
        *,
        'coupon' as kind,
        coalesce(
            nullif(coupon, ''), case when discounts > 0 then 'WITHOUT A CODE' end
        ) as promotion
    from orders
    union all
    select
        *,
        'campaign' as kind,
        campaign_name as promotion
    from orders
),

in_periods as (
    select
        *,
        'month' as grain,
        month_start as period_start
    from promoted
    union all
    select
        *,
        'all_time' as grain,
        min(month_start) over (partition by shop_id) as period_start
    from promoted
),

totals as (
    select
        grain,
        period_start,
        shop_id,
        kind,
        promotion,
        count(*) as orders,
        count(distinct customer_id) as customers,
        count(distinct case when customer_type = 'new' then customer_id end)
            as new_customers,
        {{ known_sum('gross_sales') }} as gross_sales,
        {{ known_sum('discounts') }} as discounts,
        {{ known_sum('sales') }} as sales,
        sum(costed_sales) as costed_sales,
        sum(cogs) as cogs,
        date_trunc('hour', min(ordered_at_local)) as first_hour,
        date_trunc('hour', max(ordered_at_local)) as last_hour
    from in_periods
    group by grain, period_start, shop_id, kind, promotion
),

shop_hours as (
    select
        shop_id,
        date_trunc('hour', ordered_at_local) as hour_start,
        sum(sales) as sales
    from orders
    group by shop_id, date_trunc('hour', ordered_at_local)
),

first_hours as (
    select
        shop_id,
        min(hour_start) as first_hour
    from shop_hours
    group by shop_id
),

-- Whole weeks back, so that the same hours of the same weekdays are compared.
runs as (
    select
        totals.*,
        {{ seconds_between('totals.first_hour', 'totals.last_hour') }} / 3600 + 1
            as hours,
        cast(
            floor(
                {{ seconds_between('totals.first_hour', 'totals.last_hour') }} / 604800
            ) + 1 as int
        ) * 7 as days_back
    from totals
    where totals.promotion is not null
),

hourly as (
    select
        runs.grain,
        runs.period_start,
        runs.shop_id,
        runs.kind,
        runs.promotion,
        sum(case
            when shop_hours.hour_start >= runs.first_hour then shop_hours.sales
        end) as sales_running,
        sum(case
            when
                shop_hours.hour_start
                <= runs.last_hour - runs.days_back * interval '1' day
                then shop_hours.sales
        end) as sales_before
    from runs
    inner join shop_hours
        on
            runs.shop_id = shop_hours.shop_id
            and shop_hours.hour_start
            >= runs.first_hour - runs.days_back * interval '1' day
            and shop_hours.hour_start <= runs.last_hour
    group by
        runs.grain, runs.period_start, runs.shop_id, runs.kind, runs.promotion
)

select
    runs.grain,
    runs.period_start,
    runs.shop_id,
    runs.kind,
    runs.promotion,
    cast(runs.orders as bigint) as orders,
    cast(runs.customers as bigint) as customers,
    cast(runs.new_customers as bigint) as new_customers,
    cast(runs.sales as decimal(18, 4)) as sales,
    cast(runs.discounts as decimal(18, 4)) as discounts,
    cast(runs.discounts as double) / nullif(runs.gross_sales, 0) as discount_rate,
    cast(runs.sales as double) / nullif(runs.orders, 0) as average_order_value,
    cast(others.sales as double) / nullif(others.orders, 0)
        as average_order_value_without,
    cast(runs.costed_sales - runs.cogs as decimal(18, 4)) as gross_profit,
    cast(runs.costed_sales - runs.cogs as double) / nullif(runs.costed_sales, 0)
        as gross_margin,
    cast(runs.first_hour as timestamp) as first_hour,
    cast(runs.last_hour as timestamp) as last_hour,
    cast(hourly.sales_running as double) / nullif(runs.hours, 0)
        as sales_per_hour,
    -- Before the shop's first order there is nothing to compare with.
    case
        when
            first_hours.first_hour
            <= runs.first_hour - runs.days_back * interval '1' day
            then
                cast(coalesce(hourly.sales_before, 0) as double)
                / nullif(runs.hours, 0)
    end as sales_per_hour_before
from runs
inner join first_hours
    on runs.shop_id = first_hours.shop_id
left join hourly
    on
        runs.grain = hourly.grain
        and runs.period_start = hourly.period_start
        and runs.shop_id = hourly.shop_id
        and runs.kind = hourly.kind
        and runs.promotion = hourly.promotion
left join totals as others
    on
        runs.grain = others.grain
        and runs.period_start = others.period_start
        and runs.shop_id = others.shop_id
        and runs.kind = others.kind
        and others.promotion is null
