{{ config(meta={'tracked': [
    'order_id', 'shop_id', 'customer_id', 'customer_type', 'country', 'ordered_at',
    'order_date', 'channel_id', 'device', 'is_placed', 'is_cancelled', 'is_refused',
    'sales', 'gross_profit',
]}) }}

with return_totals as (
    select
        order_id,
        sum(returns) as returns,
        sum(returned_shipping) as returned_shipping,
        sum(returned_tax) as returned_tax,
        sum(costed_returns) as costed_returns,
        sum(restocked_cogs) as restocked_cogs,
        max(case when returns > 0 or units > 0 then 1 else 0 end) = 1 as has_return,
        max(case when kind = 'refused' then 1 else 0 end) = 1 as is_refused
    from {{ ref('int_return_amounts') }}
    where order_id is not null
    group by order_id
),

-- Guests without any identity stay out: a NULL key would make them one person.
identified_orders as (
    select
        int_orders.order_id,
        int_order_customers.customer_id,
        int_orders.ordered_at,
        int_order_terms.order_date,
        int_order_policy.is_placed
    from {{ ref('int_orders') }} as int_orders
    inner join {{ ref('int_order_customers') }} as int_order_customers
        on int_orders.order_id = int_order_customers.order_id
    inner join {{ ref('int_order_terms') }} as int_order_terms
        on int_orders.order_id = int_order_terms.order_id
    inner join {{ ref('int_order_policy') }} as int_order_policy
        on int_orders.order_id = int_order_policy.order_id
    where int_order_customers.customer_id is not null
),

customer_histories as (
    select
        order_id,
        customer_id,
        is_placed,
        coalesce(sum(cast(is_placed as int)) over (
            partition by customer_id
            order by ordered_at nulls last, order_id nulls last
            rows between unbounded preceding and 1 preceding
        ), 0) as earlier_orders,
        max(case when is_placed then order_date end) over (
            partition by customer_id
            order by ordered_at nulls last, order_id nulls last
            rows between unbounded preceding and 1 preceding
        ) as previous_order_date
    from identified_orders
)

select
    int_orders.order_id,
    int_orders.shop_id,
    int_orders.source_system,
    int_orders.order_number,
    customer_histories.customer_id,
    int_orders.ordered_at,
    int_order_terms.ordered_at_local,
    int_order_terms.order_date,
    int_orders.sales_channel,
    int_order_channels.session_id,
    coalesce(int_order_channels.visitor_id, int_orders.visitor_id) as visitor_id,
    coalesce(int_order_channels.channel_id, 'unattributed') as channel_id,
    int_order_channels.campaign_name,
    coalesce(int_order_channels.device, int_orders.device, 'unknown') as device,
    coalesce(int_orders.country, int_accounts.country) as country,
    case
        when customer_histories.customer_id is null then 'unknown'
        when customer_histories.earlier_orders = 0 then 'new'
        else 'returning'
    end as customer_type,
    cast(
        case
            when customer_histories.is_placed
                then customer_histories.earlier_orders + 1
        end as bigint
    ) as customer_order_number,
    customer_histories.previous_order_date,
    int_order_policy.is_placed,
    int_order_policy.exclusion_reason,
    int_orders.financial_status,
    int_orders.fulfillment_status,
    int_orders.payment_method,
    int_orders.discount_code,
    int_order_states.is_cancelled,
    int_order_states.is_cash_on_delivery,
    -- What was refused at the door had been sent.
    int_order_states.is_dispatched or coalesce(return_totals.is_refused, false)
        as is_dispatched,
    case
        when
            int_order_states.is_dispatched
            or coalesce(return_totals.is_refused, false)
            then
                coalesce(
                    cast(
                        {{ to_local(
                            'int_order_states.dispatched_at', 'int_shops.time_zone'
                        ) }} as date
                    ),
                    int_order_terms.order_date
                )
    end as dispatched_date,
    int_order_states.is_refused or coalesce(return_totals.is_refused, false)
        as is_refused,
    coalesce(return_totals.has_return, false) as has_return,
    int_order_terms.currency,
    int_order_terms.fx_rate,
    int_order_amounts.units,
    int_order_amounts.gross_sales,
    int_order_amounts.discounts,
    int_order_amounts.sales,
    int_order_amounts.shipping,
    int_order_amounts.tax,
    int_order_amounts.total_sales,
    int_order_amounts.charged_total,
    cast(coalesce(return_totals.returns, 0) as decimal(18, 4)) as returns,
    cast(coalesce(return_totals.returned_shipping, 0) as decimal(18, 4))
        as returned_shipping,
    cast(coalesce(return_totals.returned_tax, 0) as decimal(18, 4)) as returned_tax,
    int_order_amounts.cogs,
    int_order_amounts.costed_sales,
    int_order_amounts.gross_profit,
    cast(coalesce(return_totals.costed_returns, 0) as decimal(18, 4))
        as costed_returns,
    cast(coalesce(return_totals.restocked_cogs, 0) as decimal(18, 4))
        as restocked_cogs
from {{ ref('int_orders') }} as int_orders
inner join {{ ref('int_shops') }} as int_shops
    on int_orders.shop_id = int_shops.shop_id
inner join {{ ref('int_order_terms') }} as int_order_terms
    on int_orders.order_id = int_order_terms.order_id
inner join {{ ref('int_order_amounts') }} as int_order_amounts
    on int_orders.order_id = int_order_amounts.order_id
inner join {{ ref('int_order_states') }} as int_order_states
    on int_orders.order_id = int_order_states.order_id
inner join {{ ref('int_order_policy') }} as int_order_policy
    on int_orders.order_id = int_order_policy.order_id
left join customer_histories
    on int_orders.order_id = customer_histories.order_id
left join {{ ref('int_accounts') }} as int_accounts
    on int_orders.account_id = int_accounts.account_id
left join {{ ref('int_order_channels') }} as int_order_channels
    on int_orders.order_id = int_order_channels.order_id
left join return_totals
    on int_orders.order_id = return_totals.order_id
