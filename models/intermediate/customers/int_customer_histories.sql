with placed_orders as (
    select
        int_order_customers.customer_id,
        int_order_terms.order_date,
        int_order_amounts.sales,
        -- The shop of the first order, as everywhere.
        first_value(int_orders.shop_id) over (
            partition by int_order_customers.customer_id
            order by int_orders.ordered_at nulls last, int_orders.order_id nulls last
            rows between unbounded preceding and current row
        ) as shop_id
    from {{ ref('int_orders') }} as int_orders
    inner join {{ ref('int_order_customers') }} as int_order_customers
        on int_orders.order_id = int_order_customers.order_id
    inner join {{ ref('int_order_terms') }} as int_order_terms
        on int_orders.order_id = int_order_terms.order_id
    inner join {{ ref('int_order_policy') }} as int_order_policy
        on int_orders.order_id = int_order_policy.order_id
    inner join {{ ref('int_order_amounts') }} as int_order_amounts
        on int_orders.order_id = int_order_amounts.order_id
    where int_order_policy.is_placed and int_order_customers.customer_id is not null
),

-- A day is one occasion: two orders of one day are one decision to buy.
customer_days as (
    select
        customer_id,
        shop_id,
        order_date,
        sum(sales) as sales,
        min(order_date) over (partition by customer_id) as first_order_date
    from placed_orders
    group by customer_id, shop_id, order_date
),

cuts as (
    select
        'now' as moment,
        as_of_date,
        as_of_date as cut_date
    from {{ ref('int_as_of') }}
    union all
    select
        'backtest' as moment,
        as_of_date,
        cast(
            as_of_date - interval '{{ var("lifetime_backtest_days") }}' day as date
        ) as cut_date
    from {{ ref('int_as_of') }}
),

cut_days as (
    select
        cuts.moment,
        cuts.cut_date,
        customer_days.customer_id,
        customer_days.shop_id,
        customer_days.first_order_date,
        customer_days.order_date,
        customer_days.order_date <= cuts.cut_date as is_known,
        -- The first order is often a welcome offer: repeat orders tell what the next
        -- will bring.
        case
            when
                customer_days.order_date <= cuts.cut_date
                and customer_days.order_date > customer_days.first_order_date
                then customer_days.sales
        end as repeat_sales
    from customer_days
    inner join cuts
        on
            customer_days.first_order_date <= cuts.cut_date
            and customer_days.order_date <= cuts.as_of_date
)

select
    moment,
    customer_id,
    shop_id,
    cut_date,
    cast(sum(case when is_known then 1 else 0 end) - 1 as bigint) as frequency,
    cast({{ datediff(
        'first_order_date', 'max(case when is_known then order_date end)', 'day'
    ) }} as bigint) as recency_days,
    cast({{ datediff('first_order_date', 'cut_date', 'day') }} as bigint) as age_days,
    cast(count(repeat_sales) as bigint) as spend_orders,
    cast(sum(repeat_sales) as double) / nullif(count(repeat_sales), 0) as mean_spend,
    cast(sum(case when is_known then 0 else 1 end) as bigint) as later_orders
from cut_days
group by
    moment,
    customer_id,
    shop_id,
    cut_date,
    first_order_date
