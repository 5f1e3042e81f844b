-- Why did conversion move last month? Each channel's part in it: `mix_effect` is
-- what its share of sessions did, `rate_effect` what its own conversion did. Together
-- they are the change of the whole.
with months as (
    select period_start
    from {{ ref('dim_periods') }}
    where grain = 'month' and is_complete
    order by period_start desc nulls last
    limit 1
)

select
    kpi_drivers.member as channel,
    kpi_drivers.member_status,
    kpi_drivers.share_before,
    kpi_drivers.share_now,
    kpi_drivers.rate_before,
    kpi_drivers.rate_now,
    kpi_drivers.mix_effect,
    kpi_drivers.rate_effect,
    kpi_drivers.contribution,
    kpi_drivers.change
from {{ ref('kpi_drivers') }} as kpi_drivers
inner join months
    on kpi_drivers.period_start = months.period_start
where
    kpi_drivers.kpi_id = 'conversion_rate'
    and kpi_drivers.grain = 'month'
    and kpi_drivers.comparison = 'previous'
    and kpi_drivers.dimension = 'channel'
order by abs(kpi_drivers.contribution) desc nulls last
