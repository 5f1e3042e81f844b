-- The walks from our numbers to those on the platforms' screens, last closed month.
with months as (
    select max(period_start) as period_start
    from {{ ref('reconciliation') }}
    where grain = 'month'
)

select
    case reconciliation.platform
        when 'ga4' then 'GA4'
        when 'woocommerce' then 'WooCommerce'
        else reconciliation.platform
    end as platform,
    reconciliation.figure,
    reconciliation.shop_id,
    reconciliation.label,
    case when kpi_catalog.unit = 'percent' then 'percent' else 'number' end as unit,
    case
        when reconciliation.step_number between 1 and 98 then reconciliation.amount
    end as amount,
    reconciliation.running_total
from {{ ref('reconciliation') }} as reconciliation
inner join months
    on reconciliation.period_start = months.period_start
inner join {{ ref('kpi_catalog') }} as kpi_catalog
    on reconciliation.kpi_id = kpi_catalog.kpi_id
where
    reconciliation.grain = 'month'
    and (
        reconciliation.step_number in (0, 99)
        or abs(reconciliation.amount) > 1e-9
    )
order by
    reconciliation.platform asc nulls last,
    reconciliation.figure asc nulls last,
    reconciliation.shop_id asc nulls last,
    reconciliation.step_number asc nulls last
