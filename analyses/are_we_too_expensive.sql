-- Are we too expensive? Our price against the competitors', by category: 1.10 is a
-- tenth above them.
with last_month as (
    select max(period_start) as period_start
    from {{ ref('dim_periods') }}
    where grain = 'month' and is_complete
)

select
    kpi_price_index.period_start,
    kpi_price_index.member as category,
    kpi_price_index.value as price_index
from {{ ref('kpi_price_index') }} as kpi_price_index
inner join last_month
    on kpi_price_index.period_start = last_month.period_start
where kpi_price_index.grain = 'month' and kpi_price_index.dimension = 'category'
order by price_index desc nulls last
