with customers as (
    select
        customer_id,
        shop_id,
        channel_id,
        cohort_month
    from {{ ref('dim_customers') }}
    where first_order_date is not null
),

cohort_sizes as (
    select
        shop_id,
        channel_id,
        cohort_month,
        count(*) as customers
    from customers
    group by 1, 2, 3
),

customer_months as (
    select
        customers.customer_id,
        customers.shop_id,
        customers.channel_id,
        customers.cohort_month,
        {{ datediff('customers.cohort_month', 'fct_orders.order_date', 'month') }}
            as months_since_first,
        count(*) as orders,
        sum(fct_orders.sales) as sales,
        sum(coalesce(fct_orders.costed_sales, 0) - coalesce(fct_orders.cogs, 0))
            as gross_profit
    from {{ ref('fct_orders') }} as fct_orders
    inner join customers on fct_orders.customer_id = customers.customer_id
    where fct_orders.is_placed
    group by 1, 2, 3, 4, 5
),

months as (
    select
        cast(period_start as date) as month_start,
        is_complete
    from {{ ref('dim_periods') }}
    where grain = 'month'
),

cube as (
    -- Every month that a cohort has reached: one without orders is a zero, one that
    -- lies ahead does not exist.
    select
        cohort_sizes.shop_id,
        cohort_sizes.channel_id,
        cohort_sizes.cohort_month,
        {{ datediff('cohort_sizes.cohort_month', 'months.month_start', 'month') }}
            as months_since_first,
        case
            when months.month_start = cohort_sizes.cohort_month
                then cohort_sizes.customers
            else 0
        end as joining_customers,
        0 as active_customers,
        0 as orders,
        0 as sales,
        0 as returns,
        0 as gross_profit
    from cohort_sizes
    inner join months on cohort_sizes.cohort_month <= months.month_start
    union all
    select
        shop_id,
        channel_id,
        cohort_month,
        months_since_first,
        0 as joining_customers,
        count(*) as active_customers,
        sum(orders) as orders,
        sum(sales) as sales,
        0 as returns,
        sum(gross_profit) as gross_profit
    from customer_months
    group by 1, 2, 3, 4
    union all
    select
        customers.shop_id,
        customers.channel_id,
        customers.cohort_month,
        {{ datediff('customers.cohort_month', 'fct_returns.return_date', 'month') }}
            as months_since_first,
        0 as joining_customers,
        0 as active_customers,
        0 as orders,
        0 as sales,
        sum(fct_returns.returns) as returns,
        sum(
            coalesce(fct_returns.restocked_cogs, 0)
            - coalesce(fct_returns.costed_returns, 0)
        ) as gross_profit
    from {{ ref('fct_returns') }} as fct_returns
    inner join customers on fct_returns.customer_id = customers.customer_id
    where fct_returns.is_placed
    group by 1, 2, 3, 4
),

sliced as (
    {{ slices('cube', {'shop': 'shop_id', 'channel': 'channel_id'}) }}
),

cohorts as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        sliced.dimension,
        sliced.member,
        sliced.months_since_first,
        sum(sliced.joining_customers) as joining_customers,
        sum(sliced.active_customers) as active_customers,
        sum(sliced.orders) as orders,
        sum(sliced.sales) as sales,
        sum(sliced.returns) as returns,
        sum(sliced.gross_profit) as gross_profit
    from sliced
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on
            sliced.cohort_month = dim_period_days.date_day
            and dim_period_days.grain in ('month', 'quarter', 'year')
    group by 1, 2, 3, 4, 5
),

-- A cost is spread over the days it is for; those that lie ahead are not spent yet.
cost_cube as (
    select
        fct_marketing_costs.cost_date as date_day,
        fct_marketing_costs.shop_id,
        fct_marketing_costs.channel_id,
        sum(fct_marketing_costs.amount) as acquisition_cost
    from {{ ref('fct_marketing_costs') }} as fct_marketing_costs
    inner join {{ ref('dim_periods') }} as elapsed_days
        on
            elapsed_days.grain = 'day'
            and fct_marketing_costs.cost_date
            = cast(elapsed_days.period_start as date)
    where
        fct_marketing_costs.cost_class = 'MCC'
        and fct_marketing_costs.purpose = 'acquisition'
    group by 1, 2, 3
),

cost_slices as (
    {{ slices('cost_cube', {'shop': 'shop_id', 'channel': 'channel_id'}) }}
),

costs as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        cost_slices.dimension,
        cost_slices.member,
        sum(cost_slices.acquisition_cost) as acquisition_cost
    from cost_slices
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on
            cost_slices.date_day = dim_period_days.date_day
            and dim_period_days.grain in ('month', 'quarter', 'year')
    group by 1, 2, 3, 4
)

select
    cohorts.grain,
    cohorts.period_start,
    cohorts.dimension,
    cohorts.member,
    cast(cohorts.months_since_first as bigint) as months_since_first,
    cast(sum(cohorts.joining_customers) over (
        partition by
            cohorts.grain, cohorts.period_start, cohorts.dimension, cohorts.member
    ) as bigint) as cohort_customers,
    cast(cohorts.active_customers as bigint) as active_customers,
    cast(cohorts.orders as bigint) as orders,
    cast(cohorts.sales as decimal(18, 4)) as sales,
    cast(cohorts.returns as decimal(18, 4)) as returns,
    cast(cohorts.gross_profit as decimal(18, 4)) as gross_profit,
    cast(sum(cohorts.sales) over (
        partition by
            cohorts.grain, cohorts.period_start, cohorts.dimension, cohorts.member
        order by cohorts.months_since_first nulls last
        rows between unbounded preceding and current row
    ) as decimal(18, 4)) as cumulative_sales,
    cast(sum(cohorts.gross_profit) over (
        partition by
            cohorts.grain, cohorts.period_start, cohorts.dimension, cohorts.member
        order by cohorts.months_since_first nulls last
        rows between unbounded preceding and current row
    ) as decimal(18, 4)) as cumulative_gross_profit,
    cast(coalesce(costs.acquisition_cost, 0) as decimal(18, 4)) as acquisition_cost,
    -- The youngest customers of the cohort have lived through the month, too.
    coalesce(months.is_complete, false) as is_complete
from cohorts
inner join {{ ref('dim_periods') }} as dim_periods
    on
        cohorts.grain = dim_periods.grain
        and cohorts.period_start = dim_periods.period_start
left join months
    on months.month_start = cast(
        date_trunc('month', dim_periods.period_end)
        + cohorts.months_since_first * interval '1' month as date
    )
left join costs
    on
        cohorts.grain = costs.grain
        and cohorts.period_start = costs.period_start
        and cohorts.dimension = costs.dimension
        and cohorts.member = costs.member
