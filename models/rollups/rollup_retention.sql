with customer_days as (
    select distinct
        fct_orders.customer_id,
        dim_customers.shop_id,
        dim_customers.channel_id,
        dim_customers.country,
        dim_customers.first_order_date,
        fct_orders.order_date
    from {{ ref('fct_orders') }} as fct_orders
    inner join {{ ref('dim_customers') }} as dim_customers
        on fct_orders.customer_id = dim_customers.customer_id
    where fct_orders.is_placed
),

customer_periods as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        customer_days.customer_id,
        customer_days.shop_id,
        customer_days.channel_id,
        customer_days.country,
        min(customer_days.first_order_date) as first_order_date,
        max(customer_days.order_date) as last_order_date
    from customer_days
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on customer_days.order_date = dim_period_days.date_day
    group by 1, 2, 3, 4, 5, 6
),

periods as (
    select
        grain,
        -- A part of a period is held against the whole period before it.
        replace(grain, '_to_date', '') as whole_grain,
        period_start,
        previous_period_start,
        cast(period_start as date) as first_day,
        cast(cast(period_start as date) + (elapsed_days - 1) * interval '1' day as date)
            as last_day
    from {{ ref('dim_periods') }}
),

retained as (
    select
        periods.grain,
        periods.period_start,
        earlier.shop_id,
        earlier.channel_id,
        earlier.country,
        count(*) as previous_customers,
        count(later.customer_id) as retained_customers,
        0 as active_new_customers
    from periods
    inner join customer_periods as earlier
        on
            periods.whole_grain = earlier.grain
            and periods.previous_period_start = earlier.period_start
    left join customer_periods as later
        on
            periods.grain = later.grain
            and periods.period_start = later.period_start
            and earlier.customer_id = later.customer_id
    group by 1, 2, 3, 4, 5
),

newcomers as (
    select
        periods.grain,
        periods.period_start,
        customer_periods.shop_id,
        customer_periods.channel_id,
        customer_periods.country,
        0 as previous_customers,
        0 as retained_customers,
        count(*) as active_new_customers
    from periods
    inner join customer_periods
        on
            periods.grain = customer_periods.grain
            and periods.period_start = customer_periods.period_start
    where
        customer_periods.first_order_date >= periods.first_day
        and customer_periods.last_order_date > cast(
            periods.last_day - interval '{{ var("active_days") }}' day as date
        )
    group by 1, 2, 3, 4, 5
),

cube as (
    select
        grain,
        period_start,
        shop_id,
        channel_id,
        country,
        previous_customers,
        retained_customers,
        active_new_customers
    from retained
    union all
    select
        grain,
        period_start,
        shop_id,
        channel_id,
        country,
        previous_customers,
        retained_customers,
        active_new_customers
    from newcomers
),

sliced as (
    {{ slices('cube', {
        'shop': 'shop_id',
        'channel': 'channel_id',
        'country': 'country',
    }) }}
),

-- Active customers are a running balance: a customer joins it with an order and leaves
-- it when active_days have passed without the next one. Customers times periods would
-- be far more rows than orders.
stays as (
    select
        shop_id,
        channel_id,
        country,
        order_date,
        cast(order_date + interval '{{ var("active_days") }}' day as date) as lapses_on,
        lag(order_date) over (
            partition by customer_id order by order_date nulls last
        ) as previous_order_date,
        lead(order_date) over (
            partition by customer_id order by order_date nulls last
        ) as next_order_date
    from customer_days
),

changes as (
    select
        order_date as date_day,
        shop_id,
        channel_id,
        country,
        1 as active_change
    from stays
    where
        previous_order_date is null
        or order_date > cast(
            previous_order_date + interval '{{ var("active_days") }}' day as date
        )
    union all
    select
        lapses_on as date_day,
        shop_id,
        channel_id,
        country,
        -1 as active_change
    from stays
    where next_order_date is null or next_order_date > lapses_on
),

change_slices as (
    {{ slices('changes', {
        'shop': 'shop_id',
        'channel': 'channel_id',
        'country': 'country',
    }) }}
),

daily_changes as (
    select
        dimension,
        member,
        date_day,
        sum(active_change) as active_change
    from change_slices
    group by 1, 2, 3
),

members as (
    select
        dimension,
        member,
        -- Before it nobody can have lapsed: a rate of 1 would say nothing.
        cast(min(date_day) + interval '{{ var("active_days") }}' day as date)
            as first_lapse_on
    from daily_changes
    group by 1, 2
),

balances as (
    select
        members.dimension,
        members.member,
        members.first_lapse_on,
        dim_dates.date_day,
        sum(coalesce(daily_changes.active_change, 0)) over (
            partition by members.dimension, members.member
            order by dim_dates.date_day nulls last
            rows between unbounded preceding and current row
        ) as active_customers
    from members
    cross join {{ ref('dim_dates') }} as dim_dates
    left join daily_changes
        on
            members.dimension = daily_changes.dimension
            and members.member = daily_changes.member
            and dim_dates.date_day = daily_changes.date_day
),

parts as (
    select
        grain,
        period_start,
        dimension,
        member,
        previous_customers,
        retained_customers,
        cast(null as bigint) as active_customers_start,
        0 as active_customers_end,
        active_new_customers
    from sliced
    union all
    select
        periods.grain,
        periods.period_start,
        balances.dimension,
        balances.member,
        0 as previous_customers,
        0 as retained_customers,
        balances.active_customers as active_customers_start,
        0 as active_customers_end,
        0 as active_new_customers
    from periods
    inner join balances
        on
            balances.date_day = cast(periods.first_day - interval '1' day as date)
            and periods.first_day >= balances.first_lapse_on
    union all
    select
        periods.grain,
        periods.period_start,
        balances.dimension,
        balances.member,
        0 as previous_customers,
        0 as retained_customers,
        cast(null as bigint) as active_customers_start,
        balances.active_customers as active_customers_end,
        0 as active_new_customers
    from periods
    inner join balances
        on periods.last_day = balances.date_day
)

select
    grain,
    period_start,
    dimension,
    member,
    cast(sum(previous_customers) as bigint) as previous_customers,
    cast(sum(retained_customers) as bigint) as retained_customers,
    cast(sum(active_customers_start) as bigint) as active_customers_start,
    cast(sum(active_customers_end) as bigint) as active_customers_end,
    cast(sum(active_new_customers) as bigint) as active_new_customers
from parts
group by 1, 2, 3, 4
having
    sum(previous_customers) > 0
    or sum(active_customers_start) > 0
    or sum(active_customers_end) > 0
