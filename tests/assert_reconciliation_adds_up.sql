-- A walk begins at the number that our KPI shows; its steps and what is unexplained
-- lead to theirs.
{% set views = [
    'kpi_net_sales', 'kpi_average_order_value', 'kpi_conversion_rate',
    'kpi_marketing_efficiency_ratio',
] %}

with kpis as (
    {% for view in views %}
        select
            '{{ view[4:] }}' as kpi_id,
            grain,
            period_start,
            member as shop_id,
            value
        from {{ ref(view) }}
        where dimension = 'shop'
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- A platform's campaigns may serve several shops: these meet over all shops.
attributed as (
    select
        grain,
        period_start,
        platform,
        sum(case when figure = 'conversions' then numerator end) as orders,
        sum(case when figure = 'return_on_ad_spend' then numerator end) as sales
    from {{ ref('reconciliation') }}
    where step = 'ours' and platform in ('google_ads', 'meta_ads')
    group by grain, period_start, platform
)

select
    reconciliation.platform || ', ' || reconciliation.figure || ', '
    || reconciliation.shop_id || ', ' || reconciliation.grain as walk,
    reconciliation.period_start,
    'ours is not the KPI' as problem,
    reconciliation.amount as found,
    kpis.value as expected
from {{ ref('reconciliation') }} as reconciliation
inner join kpis
    on
        reconciliation.grain = kpis.grain
        and reconciliation.period_start = kpis.period_start
        and reconciliation.shop_id = kpis.shop_id
        and reconciliation.kpi_id = kpis.kpi_id
where
    reconciliation.step = 'ours'
    and coalesce(
        abs(reconciliation.amount - kpis.value) > 0.00001,
        reconciliation.amount is not null or kpis.value is not null
    )
union all
select
    attributed.platform as walk,
    attributed.period_start,
    'ours is not what is attributed' as problem,
    attributed.sales as found,
    cast(rollup_marketing.attributed_sales as double) as expected
from attributed
inner join {{ ref('rollup_marketing') }} as rollup_marketing
    on
        attributed.grain = rollup_marketing.grain
        and attributed.period_start = rollup_marketing.period_start
        and attributed.platform = rollup_marketing.member
where
    rollup_marketing.dimension = 'platform'
    and (
        abs(attributed.sales - cast(rollup_marketing.attributed_sales as double))
        > 0.001
        or abs(attributed.orders - rollup_marketing.attributed_orders) > 0.001
    )
union all
select
    platform || ', ' || figure || ', ' || shop_id || ', ' || grain as walk,
    period_start,
    'the steps do not lead to theirs' as problem,
    sum(case when step <> 'theirs' then coalesce(amount, 0) end) as found,
    max(case when step = 'theirs' then amount end) as expected
from {{ ref('reconciliation') }}
group by platform, figure, shop_id, grain, period_start
having
    count(case when step not in ('unexplained') then amount end) = count(*) - 1
    and abs(
        sum(case when step <> 'theirs' then coalesce(amount, 0) end)
        - max(case when step = 'theirs' then amount end)
    )
    > 0.000001 * greatest(abs(max(case when step = 'theirs' then amount end)), 1)
