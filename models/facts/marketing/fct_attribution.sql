{{ config(
    materialized='incremental',
    meta={
        'unit': 'order_id',
        'touched': '
            select order_id from int_order_credits__changes
            union all
            select order_id from int_order_touches__changes
            union all
            select order_id from fct_orders__changes
        ',
    },
) }}

with shared as (
    select
        int_order_credits.model,
        int_order_credits.order_id,
        int_order_credits.touch_number,
        int_order_credits.credit,
        int_order_touches.session_id,
        int_order_touches.touched_at,
        int_order_touches.channel_id,
        int_order_touches.campaign_name,
        fct_orders.shop_id,
        fct_orders.order_date,
        fct_orders.customer_type,
        fct_orders.sales,
        fct_orders.gross_profit,
        cast(round(fct_orders.sales * int_order_credits.credit, 4) as decimal(18, 4))
            as sales_share,
        cast(
            round(fct_orders.gross_profit * int_order_credits.credit, 4)
            as decimal(18, 4)
        ) as gross_profit_share,
        row_number() over (
            partition by int_order_credits.order_id, int_order_credits.model
            order by int_order_credits.touch_number desc nulls last
        ) as from_last
    from {{ ref('int_order_credits') }} as int_order_credits
    inner join {{ ref('int_order_touches') }} as int_order_touches
        on
            int_order_credits.order_id = int_order_touches.order_id
            and int_order_credits.touch_number = int_order_touches.touch_number
    inner join {{ ref('fct_orders') }} as fct_orders
        on int_order_credits.order_id = fct_orders.order_id
    where fct_orders.is_placed and {{ touched('fct_orders.order_id') }}
),

-- The money of an order is shared out to the last cent, as its credit is.
remainders as (
    select
        shared.*,
        shared.sales
        - sum(shared.sales_share)
            over (partition by shared.order_id, shared.model)
            as sales_left,
        shared.gross_profit
        - sum(shared.gross_profit_share)
            over (partition by shared.order_id, shared.model)
            as gross_profit_left
    from shared
)

select
    {{ hash_key(['order_id', 'model', 'touch_number']) }} as attribution_id,
    model,
    model = '{{ var("attribution_model") }}' as is_default_model,
    order_id,
    touch_number,
    session_id,
    shop_id,
    order_date,
    touched_at,
    channel_id,
    campaign_name,
    customer_type = 'new' as is_first_order,
    credit,
    cast(
        case when from_last = 1 then sales_share + sales_left else sales_share end
        as decimal(18, 4)
    ) as attributed_sales,
    cast(
        case
            when from_last = 1 then gross_profit_share + gross_profit_left
            else gross_profit_share
        end as decimal(18, 4)
    ) as attributed_gross_profit
from remainders
