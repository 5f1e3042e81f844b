with ad_campaigns as (
    select
        lower(campaign_name) as campaign_key,
        min(campaign_name) as campaign_name,
        case when count(distinct platform) = 1 then min(platform) end as platform
    from {{ ref('dim_campaigns') }}
    group by 1
),

ad_days as (
    select
        ad_date as date_day,
        shop_id,
        channel_id,
        platform,
        campaign_name,
        sum(spend) as ad_spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(reach) as reach
    from {{ ref('fct_ad_days') }}
    group by 1, 2, 3, 4, 5
),

-- A cost is spread over the days it is for; those that lie ahead are not spent yet.
costs as (
    select
        fct_marketing_costs.cost_date as date_day,
        fct_marketing_costs.shop_id,
        fct_marketing_costs.channel_id,
        sum(case
            when fct_marketing_costs.cost_class = 'MCC' then fct_marketing_costs.amount
        end) as total_spend,
        sum(case
            when
                fct_marketing_costs.cost_class = 'MCC'
                and fct_marketing_costs.purpose = 'acquisition'
                then fct_marketing_costs.amount
        end) as acquisition_spend,
        sum(case
            when fct_marketing_costs.purpose = 'acquisition'
                then fct_marketing_costs.amount
        end) as acquisition_cost_full
    from {{ ref('fct_marketing_costs') }} as fct_marketing_costs
    inner join {{ ref('dim_periods') }} as elapsed_days
        on
            elapsed_days.grain = 'day'
            and fct_marketing_costs.cost_date
            = cast(elapsed_days.period_start as date)
    group by 1, 2, 3
),

orders as (
    select
        order_date as date_day,
        shop_id,
        channel_id,
        sum(sales) as sales
    from {{ ref('fct_orders') }}
    where is_placed
    group by 1, 2, 3
),

customers as (
    select
        first_order_date as date_day,
        shop_id,
        channel_id,
        count(*) as new_customers
    from {{ ref('dim_customers') }}
    where first_order_date is not null
    group by 1, 2, 3
),

-- A credit belongs to an ad campaign when a paid touch carries the campaign's name: the
-- newsletter of the same name keeps its orders to itself.
credits as (
    select
        fct_attribution.order_date as date_day,
        fct_attribution.shop_id,
        fct_attribution.channel_id,
        ad_campaigns.platform,
        ad_campaigns.campaign_name,
        coalesce(dim_channels.is_paid, false) as is_paid,
        sum(fct_attribution.credit) as orders,
        sum(fct_attribution.attributed_sales) as sales,
        sum(fct_attribution.attributed_gross_profit) as gross_profit,
        sum(case when fct_attribution.is_first_order then fct_attribution.credit end)
            as new_customers
    from {{ ref('fct_attribution') }} as fct_attribution
    left join {{ ref('dim_channels') }} as dim_channels
        on fct_attribution.channel_id = dim_channels.channel_id
    left join ad_campaigns
        on
            lower(fct_attribution.campaign_name) = ad_campaigns.campaign_key
            and dim_channels.is_paid
    where fct_attribution.is_default_model
    group by 1, 2, 3, 4, 5, 6
),

cube as (
    select
        date_day,
        shop_id,
        channel_id,
        platform,
        campaign_name,
        ad_spend,
        impressions,
        clicks,
        reach,
        0 as total_spend,
        0 as acquisition_spend,
        0 as acquisition_cost_full,
        0 as sales,
        0 as new_customers,
        0 as attributed_orders,
        0 as attributed_sales,
        0 as attributed_gross_profit,
        0 as attributed_new_customers,
        0 as paid_attributed_orders,
        0 as paid_attributed_sales,
        0 as paid_attributed_gross_profit
    from ad_days
    union all
    select
        date_day,
        shop_id,
        channel_id,
        cast(null as string) as platform,
        cast(null as string) as campaign_name,
        0 as ad_spend,
        0 as impressions,
        0 as clicks,
        0 as reach,
        total_spend,
        acquisition_spend,
        acquisition_cost_full,
        0 as sales,
        0 as new_customers,
        0 as attributed_orders,
        0 as attributed_sales,
        0 as attributed_gross_profit,
        0 as attributed_new_customers,
        0 as paid_attributed_orders,
        0 as paid_attributed_sales,
        0 as paid_attributed_gross_profit
    from costs
    union all
    select
        date_day,
        shop_id,
        channel_id,
        cast(null as string) as platform,
        cast(null as string) as campaign_name,
        0 as ad_spend,
        0 as impressions,
        0 as clicks,
        0 as reach,
        0 as total_spend,
        0 as acquisition_spend,
        0 as acquisition_cost_full,
        sales,
        0 as new_customers,
        0 as attributed_orders,
        0 as attributed_sales,
        0 as attributed_gross_profit,
        0 as attributed_new_customers,
        0 as paid_attributed_orders,
        0 as paid_attributed_sales,
        0 as paid_attributed_gross_profit
    from orders
    union all
    select
        date_day,
        shop_id,
        channel_id,
        cast(null as string) as platform,
        cast(null as string) as campaign_name,
        0 as ad_spend,
        0 as impressions,
        0 as clicks,
        0 as reach,
        0 as total_spend,
        0 as acquisition_spend,
        0 as acquisition_cost_full,
        0 as sales,
        new_customers,
        0 as attributed_orders,
        0 as attributed_sales,
        0 as attributed_gross_profit,
        0 as attributed_new_customers,
        0 as paid_attributed_orders,
        0 as paid_attributed_sales,
        0 as paid_attributed_gross_profit
    from customers
    union all
    select
        date_day,
        shop_id,
        channel_id,
        platform,
        campaign_name,
        0 as ad_spend,
        0 as impressions,
        0 as clicks,
        0 as reach,
        0 as total_spend,
        0 as acquisition_spend,
        0 as acquisition_cost_full,
        0 as sales,
        0 as new_customers,
        orders as attributed_orders,
        sales as attributed_sales,
        gross_profit as attributed_gross_profit,
        new_customers as attributed_new_customers,
        case when is_paid then orders end as paid_attributed_orders,
        case when is_paid then sales end as paid_attributed_sales,
        case when is_paid then gross_profit end as paid_attributed_gross_profit
    from credits
),

sliced as (
    {{ slices('cube', {
        'shop': 'shop_id',
        'channel': 'channel_id',
        'platform': 'platform',
        'campaign': 'campaign_name',
    }) }}
)

select
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member,
    cast(coalesce(sum(sliced.ad_spend), 0) as decimal(18, 4)) as ad_spend,
    cast(coalesce(sum(sliced.impressions), 0) as bigint) as impressions,
    cast(coalesce(sum(sliced.clicks), 0) as bigint) as clicks,
    cast(coalesce(sum(sliced.reach), 0) as bigint) as reach,
    cast(coalesce(sum(sliced.total_spend), 0) as decimal(18, 4)) as total_spend,
    cast(coalesce(sum(sliced.acquisition_spend), 0) as decimal(18, 4))
        as acquisition_spend,
    cast(coalesce(sum(sliced.acquisition_cost_full), 0) as decimal(18, 4))
        as acquisition_cost_full,
    cast(coalesce(sum(sliced.sales), 0) as decimal(18, 4)) as sales,
    cast(sum(sliced.new_customers) as bigint) as new_customers,
    cast(sum(sliced.attributed_orders) as double) as attributed_orders,
    cast(coalesce(sum(sliced.attributed_sales), 0) as decimal(18, 4))
        as attributed_sales,
    cast(coalesce(sum(sliced.attributed_gross_profit), 0) as decimal(18, 4))
        as attributed_gross_profit,
    cast(coalesce(sum(sliced.attributed_new_customers), 0) as double)
        as attributed_new_customers,
    cast(coalesce(sum(sliced.paid_attributed_orders), 0) as double)
        as paid_attributed_orders,
    cast(coalesce(sum(sliced.paid_attributed_sales), 0) as decimal(18, 4))
        as paid_attributed_sales,
    cast(coalesce(sum(sliced.paid_attributed_gross_profit), 0) as decimal(18, 4))
        as paid_attributed_gross_profit
from sliced
inner join {{ ref('dim_period_days') }} as dim_period_days
    on sliced.date_day = dim_period_days.date_day
group by 1, 2, 3, 4
