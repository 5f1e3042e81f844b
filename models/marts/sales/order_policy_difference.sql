with verdicts as (
    select
        'default' as preset,
        order_policy.rule,
        order_policy.default as verdict
    from {{ ref('order_policy') }} as order_policy
    union all
    select
        'strict' as preset,
        order_policy.rule,
        order_policy.strict as verdict
    from {{ ref('order_policy') }} as order_policy
    union all
    select
        'shopify' as preset,
        order_policy.rule,
        order_policy.shopify as verdict
    from {{ ref('order_policy') }} as order_policy
    union all
    select
        'woocommerce' as preset,
        order_policy.rule,
        order_policy.woocommerce as verdict
    from {{ ref('order_policy') }} as order_policy
    union all
    select
        'everything' as preset,
        order_policy.rule,
        order_policy.everything as verdict
    from {{ ref('order_policy') }} as order_policy
),

excluding_rules as (
    select
        verdicts.preset,
        fct_order_rules.order_id,
        fct_order_rules.rule,
        row_number() over (
            partition by verdicts.preset, fct_order_rules.order_id
            order by fct_order_rules.priority nulls last
        ) as rank_of_rule
    from {{ ref('fct_order_rules') }} as fct_order_rules
    inner join verdicts
        on fct_order_rules.rule = verdicts.rule
    where verdicts.verdict = 'out'
)

select
    excluding_rules.preset,
    excluding_rules.rule,
    fct_orders.shop_id,
    cast(date_trunc('month', fct_orders.order_date) as date) as order_month,
    count(*) as orders,
    sum(fct_orders.gross_sales) as gross_sales,
    sum(fct_orders.discounts) as discounts,
    sum(fct_orders.sales) as sales,
    sum(fct_orders.charged_total) as charged_total
from excluding_rules
inner join {{ ref('fct_orders') }} as fct_orders
    on excluding_rules.order_id = fct_orders.order_id
where excluding_rules.rank_of_rule = 1
group by
    excluding_rules.preset,
    excluding_rules.rule,
    fct_orders.shop_id,
    cast(date_trunc('month', fct_orders.order_date) as date)
