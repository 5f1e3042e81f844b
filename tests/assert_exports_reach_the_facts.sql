-- Every order, line, payment and refund that an export tells of is a row of its fact:
-- nothing is lost between the exports and what is counted. Lines of orders that no
-- export holds count nowhere; another test tells of those.
with landed as (
    select distinct {{ shop_of_file() }} || ':' || coalesce(id, name) as order_id
    from {{ source('shopify', 'orders') }}
    where id is not null or financial_status is not null
),

staged as (
    select
        'order' as kind,
        order_id as id,
        order_id
    from {{ ref('stg_shopify__orders') }}
    union all
    select
        'order' as kind,
        order_id as id,
        order_id
    from {{ ref('stg_woocommerce__orders') }}
    union all
    select
        'order' as kind,
        order_id as id,
        order_id
    from {{ ref('stg_flat__orders') }}
    union all
    select
        'line' as kind,
        order_line_id as id,
        order_id
    from {{ ref('stg_shopify__order_lines') }}
    union all
    select
        'line' as kind,
        order_line_id as id,
        order_id
    from {{ ref('stg_woocommerce__order_lines') }}
    union all
    select
        'line' as kind,
        order_line_id as id,
        order_id
    from {{ ref('stg_flat__order_lines') }}
    union all
    select
        'payment' as kind,
        payment_id as id,
        cast(null as string) as order_id
    from {{ ref('stg_shopify__transactions') }}
    union all
    select
        'payment' as kind,
        payment_id as id,
        cast(null as string) as order_id
    from {{ ref('stg_flat__payments') }}
),

counted as (
    select
        'order' as kind,
        order_id as id
    from {{ ref('fct_orders') }}
    union all
    select
        'line' as kind,
        order_line_id as id
    from {{ ref('fct_order_lines') }}
    union all
    select
        'payment' as kind,
        payment_id as id
    from {{ ref('fct_payments') }}
),

refunds as (
    select
        order_id,
        count(*) as refunds
    from {{ ref('int_refunds') }}
    group by order_id
),

returns as (
    select
        order_id,
        count(*) as returns
    from {{ ref('fct_returns') }}
    group by order_id
)

select
    'landed, not staged' as finding,
    'order' as kind,
    landed.order_id as id
from landed
left join {{ ref('stg_shopify__orders') }} as stg_shopify__orders
    on landed.order_id = stg_shopify__orders.order_id
where stg_shopify__orders.order_id is null
union all
select
    'staged, not counted' as finding,
    staged.kind,
    staged.id
from staged
left join counted
    on staged.kind = counted.kind and staged.id = counted.id
left join {{ ref('fct_orders') }} as fct_orders
    on staged.order_id = fct_orders.order_id
where
    counted.id is null
    and (
        staged.kind in ('order', 'payment')
        or fct_orders.order_id is not null
    )
union all
select
    'refunds of the order lost or doubled' as finding,
    'refund' as kind,
    fct_orders.order_id as id
from {{ ref('fct_orders') }} as fct_orders
left join refunds
    on fct_orders.order_id = refunds.order_id
left join returns
    on fct_orders.order_id = returns.order_id
where coalesce(refunds.refunds, 0) <> coalesce(returns.returns, 0)
