-- Products have rows for months and longer periods only: their days and weeks are those
-- of fct_stock_days, and would be as many as everything else together.
with stock_days as (
    select
        fct_stock_days.stock_date,
        fct_stock_days.shop_id,
        fct_stock_days.category,
        fct_stock_days.product_id,
        1 as product_days,
        case when fct_stock_days.is_active then 1 else 0 end as active_product_days,
        case
            when fct_stock_days.is_active and not fct_stock_days.is_in_stock then 1
            else 0
        end as out_of_stock_product_days,
        fct_stock_days.stock_value,
        fct_stock_days.cogs,
        fct_stock_days.units_sold,
        fct_stock_days.order_lines,
        fct_stock_days.oversold_lines,
        case when fct_stock_days.is_erp_equal is not null then 1 else 0 end
            as counted_products,
        case when fct_stock_days.is_erp_equal then 1 else 0 end as accurate_products,
        greatest(fct_stock_days.on_hand, 0) as units_on_hand,
        fct_stock_days.units_sold_28_days,
        case
            when fct_stock_days.is_slow_moving then fct_stock_days.stock_value
            when not fct_stock_days.is_slow_moving then 0
        end as slow_stock_value,
        -- Unknown for one product is unknown for all: see known_sum.
        case when fct_stock_days.units_sold_28_days is null then 1 else 0 end
            as without_28_days,
        case when fct_stock_days.is_slow_moving is null then 1 else 0 end
            as without_age
    from {{ ref('fct_stock_days') }} as fct_stock_days
),

-- Days first: a few thousand rows instead of hundreds of thousands meet the periods.
shop_days as (
    select
        stock_date,
        shop_id,
        category,
        sum(product_days) as product_days,
        sum(active_product_days) as active_product_days,
        sum(out_of_stock_product_days) as out_of_stock_product_days,
        sum(stock_value) as stock_value,
        sum(cogs) as cogs,
        sum(units_sold) as units_sold,
        sum(order_lines) as order_lines,
        sum(oversold_lines) as oversold_lines,
        sum(counted_products) as counted_products,
        sum(accurate_products) as accurate_products,
        sum(units_on_hand) as units_on_hand,
        sum(units_sold_28_days) as units_sold_28_days,
        sum(slow_stock_value) as slow_stock_value,
        sum(without_28_days) as without_28_days,
        sum(without_age) as without_age
    from stock_days
    group by stock_date, shop_id, category
),

sliced as (
    {{ slices('shop_days', {'shop': 'shop_id', 'category': 'category'}) }}
),

-- One row per member and day, so that rows can be counted as days.
member_days as (
    select
        dimension,
        member,
        stock_date,
        sum(product_days) as product_days,
        sum(active_product_days) as active_product_days,
        sum(out_of_stock_product_days) as out_of_stock_product_days,
        sum(stock_value) as stock_value,
        sum(cogs) as cogs,
        sum(units_sold) as units_sold,
        sum(order_lines) as order_lines,
        sum(oversold_lines) as oversold_lines,
        sum(counted_products) as counted_products,
        sum(accurate_products) as accurate_products,
        sum(units_on_hand) as units_on_hand,
        sum(units_sold_28_days) as units_sold_28_days,
        sum(slow_stock_value) as slow_stock_value,
        sum(without_28_days) as without_28_days,
        sum(without_age) as without_age
    from sliced
    group by dimension, member, stock_date
    union all
    select
        'product' as dimension,
        product_id as member,
        stock_date,
        product_days,
        active_product_days,
        out_of_stock_product_days,
        stock_value,
        cogs,
        units_sold,
        order_lines,
        oversold_lines,
        counted_products,
        accurate_products,
        units_on_hand,
        units_sold_28_days,
        slow_stock_value,
        without_28_days,
        without_age
    from stock_days
),

counted as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        member_days.*,
        -- Stock does not add up over days: a period has that of its last one.
        member_days.stock_date = cast(
            cast(dim_periods.period_start as date)
            + (dim_periods.elapsed_days - 1) * interval '1' day as date
        ) as is_end
    from member_days
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on member_days.stock_date = dim_period_days.date_day
    inner join {{ ref('dim_periods') }} as dim_periods
        on
            dim_period_days.grain = dim_periods.grain
            and dim_period_days.period_start = dim_periods.period_start
    where
        member_days.dimension <> 'product'
        or dim_period_days.grain not in ('day', 'week', 'week_to_date')
)

select
    grain,
    period_start,
    dimension,
    member,
    cast(count(*) as bigint) as stock_days,
    cast(sum(product_days) as bigint) as product_days,
    cast(sum(active_product_days) as bigint) as active_product_days,
    cast(sum(out_of_stock_product_days) as bigint) as out_of_stock_product_days,
    cast(sum(stock_value) as decimal(18, 4)) as stock_value_days,
    cast(sum(cogs) as decimal(18, 4)) as cogs,
    cast(sum(units_sold) as bigint) as units_sold,
    cast(sum(order_lines) as bigint) as order_lines,
    cast(sum(oversold_lines) as bigint) as oversold_lines,
    cast(sum(counted_products) as bigint) as counted_products,
    cast(sum(accurate_products) as bigint) as accurate_products,
    cast(sum(case when is_end then units_on_hand end) as bigint) as units_at_end,
    cast(case
        when max(case when is_end then without_28_days end) = 0
            then sum(case when is_end then units_sold_28_days end)
    end as bigint) as units_sold_28_days_at_end,
    cast(sum(case when is_end then stock_value end) as decimal(18, 4))
        as stock_value_at_end,
    cast(case
        when max(case when is_end then without_age end) = 0
            then sum(case when is_end then slow_stock_value end)
    end as decimal(18, 4)) as slow_stock_value_at_end
from counted
group by grain, period_start, dimension, member
