{{ config(materialized='table') }}

with sold as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        fct_order_lines.product_id,
        fct_order_lines.category,
        sum(fct_order_lines.quantity) as units_sold,
        sum(fct_order_lines.returned_units) as returned_units,
        sum(fct_order_lines.sales) as sales,
        sum(fct_order_lines.costed_sales) as costed_sales,
        sum(fct_order_lines.cogs) as cogs
    from {{ ref('fct_order_lines') }} as fct_order_lines
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on
            fct_order_lines.order_date = dim_period_days.date_day
            and dim_period_days.grain in ('month', 'quarter', 'year')
    where fct_order_lines.is_placed and fct_order_lines.is_merchandise
    group by 1, 2, 3, 4
),

returned as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        fct_returns.product_id,
        fct_returns.category,
        sum(fct_returns.returns) as returns,
        sum(fct_returns.costed_returns) as costed_returns,
        sum(fct_returns.restocked_cogs) as restocked_cogs
    from {{ ref('fct_returns') }} as fct_returns
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on
            fct_returns.return_date = dim_period_days.date_day
            and dim_period_days.grain in ('month', 'quarter', 'year')
    where fct_returns.is_placed
    group by 1, 2, 3, 4
),

money as (
    select
        grain,
        period_start,
        product_id,
        category,
        units_sold,
        returned_units,
        sales,
        0 as returns,
        costed_sales as costed_net_sales,
        cogs
    from sold
    union all
    select
        grain,
        period_start,
        product_id,
        category,
        0 as units_sold,
        0 as returned_units,
        0 as sales,
        returns,
        -costed_returns as costed_net_sales,
        -restocked_cogs as cogs
    from returned
),

dimensions as (
    select 'product' as dimension
    union all
    select 'category' as dimension
),

parts as (
    select
        money.grain,
        money.period_start,
        dimensions.dimension,
        coalesce(
            case
                when dimensions.dimension = 'product' then money.product_id
                else money.category
            end,
            'unknown'
        ) as member,
        money.units_sold,
        money.returned_units,
        money.sales,
        money.returns,
        money.costed_net_sales,
        money.cogs,
        0 as product_view_sessions,
        0 as product_purchase_sessions,
        cast(null as bigint) as units_on_hand,
        cast(null as bigint) as units_sold_28_days,
        cast(null as decimal(18, 4)) as stock_value,
        0 as out_of_stock_days,
        0 as active_days
    from money
    cross join dimensions
    union all
    select
        grain,
        period_start,
        dimension,
        member,
        0 as units_sold,
        0 as returned_units,
        0 as sales,
        0 as returns,
        0 as costed_net_sales,
        0 as cogs,
        product_view_sessions,
        product_purchase_sessions,
        cast(null as bigint) as units_on_hand,
        cast(null as bigint) as units_sold_28_days,
        cast(null as decimal(18, 4)) as stock_value,
        0 as out_of_stock_days,
        0 as active_days
    from {{ ref('rollup_products') }}
    where
        dimension in ('product', 'category')
        and grain in ('month', 'quarter', 'year')
    union all
    select
        grain,
        period_start,
        dimension,
        member,
        0 as units_sold,
        0 as returned_units,
        0 as sales,
        0 as returns,
        0 as costed_net_sales,
        0 as cogs,
        0 as product_view_sessions,
        0 as product_purchase_sessions,
        units_at_end as units_on_hand,
        units_sold_28_days_at_end as units_sold_28_days,
        stock_value_at_end as stock_value,
        out_of_stock_product_days as out_of_stock_days,
        active_product_days as active_days
    from {{ ref('rollup_stock') }}
    where
        dimension in ('product', 'category')
        and grain in ('month', 'quarter', 'year')
),

totals as (
    select
        grain,
        period_start,
        dimension,
        member,
        sum(units_sold) as units_sold,
        sum(returned_units) as returned_units,
        coalesce(sum(sales), 0) as sales,
        coalesce(sum(returns), 0) as returns,
        sum(costed_net_sales) as costed_net_sales,
        sum(cogs) as cogs,
        sum(product_view_sessions) as product_view_sessions,
        sum(product_purchase_sessions) as product_purchase_sessions,
        sum(units_on_hand) as units_on_hand,
        sum(units_sold_28_days) as units_sold_28_days,
        sum(stock_value) as stock_value,
        sum(out_of_stock_days) as out_of_stock_days,
        sum(active_days) as active_days
    from parts
    group by 1, 2, 3, 4
),

ranked as (
    select
        *,
        row_number() over (
            partition by grain, period_start, dimension
            order by
                sales desc nulls last,
                units_sold desc nulls last,
                member asc nulls last
        ) as sales_rank,
        sum(sales) over (partition by grain, period_start, dimension) as all_sales,
        sum(sales) over (
            partition by grain, period_start, dimension
            order by
                sales desc nulls last,
                units_sold desc nulls last,
                member asc nulls last
            rows between unbounded preceding and current row
        ) as sales_so_far
    from totals
)

select
    ranked.grain,
    ranked.period_start,
    ranked.dimension,
    ranked.member,
    dim_products.shop_id,
    dim_products.product_name,
    case
        when ranked.dimension = 'category' then ranked.member
        else dim_products.category
    end as category,
    cast(ranked.sales_rank as bigint) as sales_rank,
    -- Who begins below the line belongs to the class: the best seller is always A.
    case
        when ranked.sales <= 0 then 'C'
        when ranked.sales_so_far - ranked.sales < 0.80 * ranked.all_sales then 'A'
        when ranked.sales_so_far - ranked.sales < 0.95 * ranked.all_sales then 'B'
        else 'C'
    end as abc_class,
    cast(ranked.sales as decimal(18, 4)) as sales,
    cast(ranked.sales as double) / nullif(ranked.all_sales, 0) as sales_share,
    cast(ranked.sales_so_far as double) / nullif(ranked.all_sales, 0)
        as cumulative_sales_share,
    cast(ranked.units_sold as bigint) as units_sold,
    cast(ranked.returned_units as bigint) as returned_units,
    cast(ranked.returned_units as double) / nullif(ranked.units_sold, 0) as return_rate,
    cast(ranked.returns as decimal(18, 4)) as returns,
    cast(ranked.sales - ranked.returns as decimal(18, 4)) as net_sales,
    cast(ranked.costed_net_sales - ranked.cogs as decimal(18, 4)) as gross_profit,
    -- Where returns leave no sales, minus by minus would be a plus.
    case
        when ranked.costed_net_sales > 0
            then
                cast(ranked.costed_net_sales - ranked.cogs as double)
                / nullif(ranked.costed_net_sales, 0)
    end as gross_margin,
    cast(ranked.product_view_sessions as bigint) as product_view_sessions,
    cast(ranked.product_purchase_sessions as bigint) as product_purchase_sessions,
    cast(ranked.product_purchase_sessions as double)
    / nullif(ranked.product_view_sessions, 0) as conversion_rate,
    cast(ranked.units_on_hand as bigint) as units_on_hand,
    cast(ranked.stock_value as decimal(18, 4)) as stock_value,
    cast(ranked.units_on_hand as double) / nullif(ranked.units_sold_28_days / 28e0, 0)
        as days_of_cover,
    cast(ranked.out_of_stock_days as double) / nullif(ranked.active_days, 0)
        as stockout_rate
from ranked
left join {{ ref('dim_products') }} as dim_products
    on
        case when ranked.dimension = 'product' then ranked.member end
        = dim_products.product_id
