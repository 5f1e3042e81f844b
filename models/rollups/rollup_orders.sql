with placed_orders as (
    select
        fct_orders.order_id,
        fct_orders.order_date,
        cast(date_trunc('hour', fct_orders.ordered_at_local) as timestamp)
            as order_hour,
        fct_orders.shop_id,
        fct_orders.channel_id,
        fct_orders.device,
        fct_orders.country,
        fct_orders.customer_type,
        fct_orders.is_cancelled,
        fct_orders.is_dispatched,
        fct_orders.dispatched_date,
        fct_orders.is_refused,
        fct_orders.units,
        fct_orders.gross_sales,
        fct_orders.discounts,
        fct_orders.sales,
        fct_orders.shipping,
        fct_orders.tax,
        fct_orders.cogs,
        fct_orders.costed_sales
    from {{ ref('fct_orders') }} as fct_orders
    where fct_orders.is_placed
),

order_categories as (
    select
        order_id,
        coalesce(category, 'unknown') as category,
        sum(quantity) as units,
        sum(gross_sales) as gross_sales,
        sum(discounts) as discounts,
        sum(sales) as sales,
        sum(cogs) as cogs,
        sum(costed_sales) as costed_sales
    from {{ ref('fct_order_lines') }}
    where is_placed and is_merchandise
    group by order_id, coalesce(category, 'unknown')
),

-- An order counts whole in each of its categories; its money is that of their lines.
-- An order known by its header alone has all of it in the category `unknown`.
orders_by_category as (
    select
        placed_orders.order_id,
        placed_orders.order_date,
        placed_orders.order_hour,
        placed_orders.shop_id,
        placed_orders.channel_id,
        placed_orders.device,
        placed_orders.country,
        placed_orders.customer_type,
        placed_orders.is_cancelled,
        placed_orders.is_dispatched,
        placed_orders.dispatched_date,
        placed_orders.is_refused,
        order_categories.units,
        order_categories.gross_sales,
        order_categories.discounts,
        order_categories.sales,
        cast(null as decimal(18, 4)) as shipping,
        cast(null as decimal(18, 4)) as tax,
        order_categories.cogs,
        order_categories.costed_sales,
        order_categories.category
    from placed_orders
    inner join order_categories
        on placed_orders.order_id = order_categories.order_id
    union all
    select
        placed_orders.*,
        'unknown' as category
    from placed_orders
    left join order_categories
        on placed_orders.order_id = order_categories.order_id
    where order_categories.order_id is null
),

sliced_orders as (
    {{ slices('placed_orders', {
        'shop': 'shop_id',
        'channel': 'channel_id',
        'device': 'device',
        'country': 'country',
        'customer_type': 'customer_type',
    }) }}
    union all
    select
        order_id,
        order_date,
        order_hour,
        shop_id,
        channel_id,
        device,
        country,
        customer_type,
        is_cancelled,
        is_dispatched,
        dispatched_date,
        is_refused,
        units,
        gross_sales,
        discounts,
        sales,
        shipping,
        tax,
        cogs,
        costed_sales,
        'category' as dimension,
        category as member
    from orders_by_category
),

-- A refund that as_of has not seen yet corrects neither its own date nor the order's.
placed_returns as (
    select
        fct_returns.order_id,
        fct_returns.order_date,
        fct_returns.return_date,
        cast(date_trunc('hour', fct_returns.refunded_at_local) as timestamp)
            as return_hour,
        fct_returns.shop_id,
        fct_returns.channel_id,
        fct_returns.device,
        fct_returns.country,
        fct_returns.customer_type,
        fct_returns.category,
        coalesce(fct_returns.units, 0) as units,
        coalesce(fct_returns.returns, 0) as returns,
        coalesce(fct_returns.returned_shipping, 0) as returned_shipping,
        coalesce(fct_returns.returned_tax, 0) as returned_tax,
        coalesce(fct_returns.costed_returns, 0) as costed_returns,
        coalesce(fct_returns.restocked_cogs, 0) as restocked_cogs
    from {{ ref('fct_returns') }} as fct_returns
    cross join {{ ref('dim_as_of') }} as dim_as_of
    where
        fct_returns.is_placed
        and fct_returns.return_date <= dim_as_of.as_of_date
),

sliced_returns as (
    {{ slices('placed_returns', {
        'shop': 'shop_id',
        'channel': 'channel_id',
        'device': 'device',
        'country': 'country',
        'customer_type': 'customer_type',
        'category': 'category',
    }) }}
),

-- What happens to an order, each on its own date: stacked, never joined.
happenings as (
    select
        order_date as happened_on,
        order_hour as happened_in,
        dimension,
        member,
        1 as orders,
        units as units_sold,
        gross_sales,
        discounts,
        sales,
        case when customer_type = 'returning' then sales else 0 end as repeat_sales,
        case when is_cancelled then 1 else 0 end as cancelled_orders,
        0 as returns,
        coalesce(shipping, 0) as shipping,
        coalesce(tax, 0) as tax,
        coalesce(cogs, 0) as cogs,
        coalesce(costed_sales, 0) as costed_net_sales,
        0 as returns_order_date,
        0 as units_returned_order_date,
        coalesce(shipping, 0) + coalesce(tax, 0) as charges_order_date,
        coalesce(costed_sales, 0) - coalesce(cogs, 0) as gross_profit_order_date,
        cast(null as string) as returned_order_id,
        0 as dispatched_orders,
        0 as refused_orders
    from sliced_orders
    union all
    -- Refunds, by refund date.
    select
        return_date as happened_on,
        return_hour as happened_in,
        dimension,
        member,
        0 as orders,
        0 as units_sold,
        0 as gross_sales,
        0 as discounts,
        0 as sales,
        0 as repeat_sales,
        0 as cancelled_orders,
        returns,
        -returned_shipping as shipping,
        -returned_tax as tax,
        -restocked_cogs as cogs,
        -costed_returns as costed_net_sales,
        0 as returns_order_date,
        0 as units_returned_order_date,
        0 as charges_order_date,
        0 as gross_profit_order_date,
        -- Shipping paid back alone is a refund, but nothing was returned.
        case when returns > 0 or units > 0 then order_id end as returned_order_id,
        0 as dispatched_orders,
        0 as refused_orders
    from sliced_returns
    union all
    -- The same refunds once more, by order date.
    select
        order_date as happened_on,
        cast(null as timestamp) as happened_in,
        dimension,
        member,
        0 as orders,
        0 as units_sold,
        0 as gross_sales,
        0 as discounts,
        0 as sales,
        0 as repeat_sales,
        0 as cancelled_orders,
        0 as returns,
        0 as shipping,
        0 as tax,
        0 as cogs,
        0 as costed_net_sales,
        returns as returns_order_date,
        units as units_returned_order_date,
        -returned_shipping - returned_tax as charges_order_date,
        restocked_cogs - costed_returns as gross_profit_order_date,
        cast(null as string) as returned_order_id,
        0 as dispatched_orders,
        0 as refused_orders
    from sliced_returns
    union all
    select
        dispatched_date as happened_on,
        cast(null as timestamp) as happened_in,
        dimension,
        member,
        0 as orders,
        0 as units_sold,
        0 as gross_sales,
        0 as discounts,
        0 as sales,
        0 as repeat_sales,
        0 as cancelled_orders,
        0 as returns,
        0 as shipping,
        0 as tax,
        0 as cogs,
        0 as costed_net_sales,
        0 as returns_order_date,
        0 as units_returned_order_date,
        0 as charges_order_date,
        0 as gross_profit_order_date,
        cast(null as string) as returned_order_id,
        1 as dispatched_orders,
        case when is_refused then 1 else 0 end as refused_orders
    from sliced_orders
    where is_dispatched
),

-- Days first: few rows meet the periods. An order that is returned on two days is one
-- returned order of their month, so days keep its name.
days as (
    select
        happened_on,
        dimension,
        member,
        returned_order_id,
        sum(orders) as orders,
        sum(units_sold) as units_sold,
        sum(gross_sales) as gross_sales,
        sum(discounts) as discounts,
        sum(sales) as sales,
        sum(repeat_sales) as repeat_sales,
        sum(cancelled_orders) as cancelled_orders,
        sum(returns) as returns,
        sum(shipping) as shipping,
        sum(tax) as tax,
        sum(cogs) as cogs,
        sum(costed_net_sales) as costed_net_sales,
        sum(returns_order_date) as returns_order_date,
        sum(units_returned_order_date) as units_returned_order_date,
        sum(charges_order_date) as charges_order_date,
        sum(gross_profit_order_date) as gross_profit_order_date,
        sum(dispatched_orders) as dispatched_orders,
        sum(refused_orders) as refused_orders
    from happenings
    group by happened_on, dimension, member, returned_order_id
),

counted as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        days.*
    from days
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on days.happened_on = dim_period_days.date_day
    union all
    select
        'hour' as grain,
        happenings.happened_in as period_start,
        happenings.happened_on,
        happenings.dimension,
        happenings.member,
        happenings.returned_order_id,
        happenings.orders,
        happenings.units_sold,
        happenings.gross_sales,
        happenings.discounts,
        happenings.sales,
        happenings.repeat_sales,
        happenings.cancelled_orders,
        happenings.returns,
        happenings.shipping,
        happenings.tax,
        happenings.cogs,
        happenings.costed_net_sales,
        happenings.returns_order_date,
        happenings.units_returned_order_date,
        happenings.charges_order_date,
        happenings.gross_profit_order_date,
        happenings.dispatched_orders,
        happenings.refused_orders
    from happenings
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on
            happenings.happened_on = dim_period_days.date_day
            and dim_period_days.grain = 'day'
    where
        happenings.happened_in is not null
        and happenings.dimension in ('all', 'shop')
)

-- What has no hour (dispatch, the order-date basis) is NULL in the grain `hour`. What
-- belongs to no line (shipping, tax) is NULL in the dimension `category`.
select
    grain,
    period_start,
    dimension,
    member,
    cast(sum(orders) as bigint) as orders,
    cast(sum(units_sold) as bigint) as units_sold,
    cast(sum(gross_sales) as decimal(18, 4)) as gross_sales,
    cast(sum(discounts) as decimal(18, 4)) as discounts,
    cast(sum(sales) as decimal(18, 4)) as sales,
    cast(sum(returns) as decimal(18, 4)) as returns,
    cast(
        case when grain <> 'hour' then sum(returns_order_date) end as decimal(18, 4)
    ) as returns_order_date,
    cast(sum(sales) - sum(returns) as decimal(18, 4)) as net_sales,
    cast(
        case
            when grain <> 'hour' then sum(sales) - sum(returns_order_date)
        end as decimal(18, 4)
    ) as net_sales_order_date,
    cast(
        case when dimension <> 'category' then sum(shipping) end as decimal(18, 4)
    ) as shipping,
    cast(
        case when dimension <> 'category' then sum(tax) end as decimal(18, 4)
    ) as tax,
    cast(
        case
            when dimension <> 'category'
                then sum(sales) - sum(returns) + sum(shipping) + sum(tax)
        end as decimal(18, 4)
    ) as total_sales,
    cast(
        case
            when dimension <> 'category' and grain <> 'hour'
                then sum(sales) - sum(returns_order_date) + sum(charges_order_date)
        end as decimal(18, 4)
    ) as total_sales_order_date,
    cast(sum(cogs) as decimal(18, 4)) as cogs,
    cast(sum(costed_net_sales) as decimal(18, 4)) as costed_net_sales,
    cast(sum(costed_net_sales) - sum(cogs) as decimal(18, 4)) as gross_profit,
    cast(
        case when grain <> 'hour' then sum(gross_profit_order_date) end
        as decimal(18, 4)
    ) as gross_profit_order_date,
    cast(sum(repeat_sales) as decimal(18, 4)) as repeat_sales,
    cast(sum(cancelled_orders) as bigint) as cancelled_orders,
    cast(count(distinct returned_order_id) as bigint) as returned_orders,
    cast(
        case when grain <> 'hour' then sum(dispatched_orders) end as bigint
    ) as dispatched_orders,
    cast(
        case when grain <> 'hour' then sum(refused_orders) end as bigint
    ) as refused_orders,
    cast(
        case when grain <> 'hour' then sum(units_returned_order_date) end as bigint
    ) as units_returned_order_date
from counted
group by grain, period_start, dimension, member
