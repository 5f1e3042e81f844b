-- An additive KPI's days add up to its months, and its shops to the whole. A KPI that
-- says so and does not is double counting somewhere.
select
    summed.kpi_id,
    summed.period_start,
    summed.whole,
    summed.of_shops,
    summed.of_days
from (
    select
        kpi_values.kpi_id,
        cast(date_trunc('month', kpi_values.period_start) as date) as period_start,
        sum(case
            when kpi_values.grain = 'month' and kpi_values.dimension = 'all'
                then kpi_values.value
        end) as whole,
        sum(case
            when kpi_values.grain = 'month' and kpi_values.dimension = 'shop'
                then kpi_values.value
        end) as of_shops,
        sum(case
            when kpi_values.grain = 'day' and kpi_values.dimension = 'all'
                then kpi_values.value
        end) as of_days
    from {{ ref('kpi_values') }} as kpi_values
    inner join {{ ref('kpi_catalog') }} as kpi_catalog
        on
            kpi_values.kpi_id = kpi_catalog.kpi_id
            and kpi_catalog.is_additive
    where
        kpi_values.grain in ('month', 'day')
        and kpi_values.dimension in ('all', 'shop')
    group by
        kpi_values.kpi_id,
        cast(date_trunc('month', kpi_values.period_start) as date)
) as summed
where
    -- A subject without shops or days has nothing to compare.
    abs(summed.whole - summed.of_shops) > 1e-6 * greatest(1, abs(summed.whole))
    or abs(summed.whole - summed.of_days) > 1e-6 * greatest(1, abs(summed.whole))
