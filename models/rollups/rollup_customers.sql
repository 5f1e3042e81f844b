-- A customer's slice is a fixed attribute, so one row per customer and period is sliced
-- once and nobody is counted twice.
with customer_orders as (
    select
        fct_orders.customer_id,
        dim_customers.shop_id,
        dim_customers.channel_id,
        dim_customers.country,
        dim_customers.first_order_date,
        fct_orders.order_date,
        fct_orders.customer_order_number,
        {{ datediff(
            'fct_orders.previous_order_date', 'fct_orders.order_date', 'day'
        ) }} as days_between_orders,
        fct_orders.sales,
        coalesce(fct_orders.costed_sales, 0) as costed_sales,
        coalesce(fct_orders.cogs, 0) as cogs
    from {{ ref('fct_orders') }} as fct_orders
    inner join {{ ref('dim_customers') }} as dim_customers
        on fct_orders.customer_id = dim_customers.customer_id
    where fct_orders.is_placed
),

customer_periods as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        customer_orders.customer_id,
        customer_orders.shop_id,
        customer_orders.channel_id,
        customer_orders.country,
        count(*) as orders,
        sum(customer_orders.sales) as sales,
        min(customer_orders.customer_order_number) as first_order_number,
        max(customer_orders.customer_order_number) as last_order_number,
        {{ datediff(
            'min(customer_orders.first_order_date)',
            'max(customer_orders.order_date)',
            'day'
        ) }} as lifetime_days
    from customer_orders
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on customer_orders.order_date = dim_period_days.date_day
    group by 1, 2, 3, 4, 5, 6
),

customer_slices as (
    {{ slices('customer_periods', {
        'shop': 'shop_id',
        'channel': 'channel_id',
        'country': 'country',
    }) }}
),

counts as (
    select
        grain,
        period_start,
        dimension,
        member,
        count(*) as purchasing_customers,
        sum(case when first_order_number = 1 then 1 else 0 end) as new_customers,
        sum(case when first_order_number > 1 then 1 else 0 end) as returning_customers,
        sum(case when last_order_number >= 2 then 1 else 0 end) as repeat_customers,
        sum(orders) as customer_orders,
        sum(sales) as customer_sales,
        -- A mean month has 30.4375 days; who has ordered once has lived one month.
        cast(
            sum(greatest(cast(lifetime_days as decimal(18, 4)), 30.4375)) as double
        ) / 30.4375 as lifetime_months
    from customer_slices
    group by 1, 2, 3, 4
),

-- A cost is spread over the days it is for; those that lie ahead are not spent yet.
acquisition_costs as (
    select
        fct_marketing_costs.cost_date as date_day,
        fct_marketing_costs.shop_id,
        fct_marketing_costs.channel_id,
        sum(fct_marketing_costs.amount) as amount
    from {{ ref('fct_marketing_costs') }} as fct_marketing_costs
    inner join {{ ref('dim_periods') }} as elapsed_days
        on
            elapsed_days.grain = 'day'
            and fct_marketing_costs.cost_date
            = cast(elapsed_days.period_start as date)
    where fct_marketing_costs.purpose = 'acquisition'
    group by 1, 2, 3
),

money_cube as (
    select
        order_date as date_day,
        shop_id,
        channel_id,
        country,
        sum(costed_sales) as costed_net_sales,
        sum(costed_sales - cogs) as gross_profit,
        0 as acquisition_cost_full
    from customer_orders
    group by 1, 2, 3, 4
    union all
    select
        fct_returns.return_date as date_day,
        dim_customers.shop_id,
        dim_customers.channel_id,
        dim_customers.country,
        -sum(coalesce(fct_returns.costed_returns, 0)) as costed_net_sales,
        sum(
            coalesce(fct_returns.restocked_cogs, 0)
            - coalesce(fct_returns.costed_returns, 0)
        ) as gross_profit,
        0 as acquisition_cost_full
    from {{ ref('fct_returns') }} as fct_returns
    inner join {{ ref('dim_customers') }} as dim_customers
        on fct_returns.customer_id = dim_customers.customer_id
    where fct_returns.is_placed
    group by 1, 2, 3, 4
    union all
    select
        date_day,
        shop_id,
        channel_id,
        cast(null as string) as country,
        0 as costed_net_sales,
        0 as gross_profit,
        amount as acquisition_cost_full
    from acquisition_costs
),

money_slices as (
    {{ slices('money_cube', {
        'shop': 'shop_id',
        'channel': 'channel_id',
        'country': 'country',
    }) }}
),

money as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        money_slices.dimension,
        money_slices.member,
        sum(money_slices.costed_net_sales) as costed_net_sales,
        sum(money_slices.gross_profit) as gross_profit,
        sum(money_slices.acquisition_cost_full) as acquisition_cost_full
    from money_slices
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on money_slices.date_day = dim_period_days.date_day
    group by 1, 2, 3, 4
),

spans as (
    select
        order_date as date_day,
        shop_id,
        channel_id,
        country,
        days_between_orders,
        cast(null as double) as hours_to_convert
    from customer_orders
    where days_between_orders is not null
    union all
    select
        first_order_date as date_day,
        shop_id,
        channel_id,
        country,
        null as days_between_orders,
        hours_to_convert
    from {{ ref('dim_customers') }}
    where hours_to_convert is not null
),

span_slices as (
    {{ slices('spans', {
        'shop': 'shop_id',
        'channel': 'channel_id',
        'country': 'country',
    }) }}
),

medians as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        span_slices.dimension,
        span_slices.member,
        percentile_cont(0.5) within group (
            order by cast(span_slices.days_between_orders as double)
        ) as days_between_orders_p50,
        percentile_cont(0.5) within group (
            order by span_slices.hours_to_convert
        ) as hours_to_convert_p50
    from span_slices
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on span_slices.date_day = dim_period_days.date_day
    group by 1, 2, 3, 4
),

slice_keys as (
    select
        grain,
        period_start,
        dimension,
        member
    from counts
    union
    select
        grain,
        period_start,
        dimension,
        member
    from money
    union
    select
        grain,
        period_start,
        dimension,
        member
    from medians
),

first_orders as (
    select min(order_date) as order_date
    from {{ ref('fct_orders') }}
    where is_placed
),

-- A period under way, and one cut at the same day, is as long as it will be: its buyers
-- are those who have bought so far, and over a few days each would buy at a pace that
-- nobody keeps. The first period begins before the shop's first order: only the time
-- since then counts.
period_lengths as (
    select
        dim_periods.grain,
        dim_periods.period_start,
        least(
            whole_periods.days,
            whole_periods.days - {{ datediff(
                'cast(dim_periods.period_start as date)',
                'first_orders.order_date',
                'day'
            ) }}
        ) as shop_days
    from {{ ref('dim_periods') }} as dim_periods
    inner join {{ ref('dim_periods') }} as whole_periods
        on
            whole_periods.grain = replace(dim_periods.grain, '_to_date', '')
            and dim_periods.period_start = whole_periods.period_start
    cross join first_orders
)

select
    slice_keys.grain,
    slice_keys.period_start,
    slice_keys.dimension,
    slice_keys.member,
    cast(coalesce(counts.purchasing_customers, 0) as bigint) as purchasing_customers,
    cast(coalesce(counts.new_customers, 0) as bigint) as new_customers,
    cast(coalesce(counts.returning_customers, 0) as bigint) as returning_customers,
    cast(coalesce(counts.repeat_customers, 0) as bigint) as repeat_customers,
    cast(coalesce(counts.customer_orders, 0) as bigint) as customer_orders,
    cast(coalesce(counts.customer_sales, 0) as decimal(18, 4)) as customer_sales,
    cast(medians.days_between_orders_p50 as double) as days_between_orders_p50,
    cast(medians.hours_to_convert_p50 as double) as hours_to_convert_p50,
    cast(coalesce(counts.lifetime_months, 0) as double) as lifetime_months,
    cast(greatest(period_lengths.shop_days, 0) as double) / 30.4375 as period_months,
    cast(coalesce(money.costed_net_sales, 0) as decimal(18, 4))
        as customer_costed_net_sales,
    cast(coalesce(money.gross_profit, 0) as decimal(18, 4)) as customer_gross_profit,
    cast(coalesce(money.acquisition_cost_full, 0) as decimal(18, 4))
        as acquisition_cost_full
from slice_keys
inner join period_lengths
    on
        slice_keys.grain = period_lengths.grain
        and slice_keys.period_start = period_lengths.period_start
left join counts
    on
        slice_keys.grain = counts.grain
        and slice_keys.period_start = counts.period_start
        and slice_keys.dimension = counts.dimension
        and slice_keys.member = counts.member
left join money
    on
        slice_keys.grain = money.grain
        and slice_keys.period_start = money.period_start
        and slice_keys.dimension = money.dimension
        and slice_keys.member = money.member
left join medians
    on
        slice_keys.grain = medians.grain
        and slice_keys.period_start = medians.period_start
        and slice_keys.dimension = medians.dimension
        and slice_keys.member = medians.member
