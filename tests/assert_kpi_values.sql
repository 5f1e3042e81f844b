-- Every row of every KPI in one scan: a whole key, a value that its own parts give, no
-- infinity, and between 0 and 1 where the catalogue says so.
select
    checked.kpi_id,
    checked.grain,
    checked.period_start,
    checked.dimension,
    checked.member,
    checked.numerator,
    checked.denominator,
    checked.value,
    checked.problem
from (
    select
        kpi_values.kpi_id,
        kpi_values.grain,
        kpi_values.period_start,
        kpi_values.dimension,
        kpi_values.member,
        kpi_values.numerator,
        kpi_values.denominator,
        kpi_values.value,
        case
            when
                kpi_values.grain is null
                or kpi_values.period_start is null
                or kpi_values.dimension is null
                or kpi_values.member is null
                then 'part of the key is missing'
            when
                kpi_values.grain not in (
                    'hour', 'day', 'week', 'month', 'quarter', 'year',
                    'week_to_date', 'month_to_date', 'quarter_to_date', 'year_to_date'
                )
                then 'unknown grain'
            when (kpi_values.dimension = 'all') <> (kpi_values.member = 'all')
                then 'dimension all has the member all and no other'
            when
                abs(kpi_values.value) > 1e300
                or kpi_values.value = cast('nan' as double)
                then 'not a finite number'
            when kpi_values.denominator = 0 and kpi_values.value is not null
                then 'divided by zero'
            when
                kpi_values.denominator <> 0
                and kpi_values.numerator is not null
                and kpi_values.value is null
                then 'has parts and no value'
            when
                abs(
                    kpi_values.value
                    - kpi_values.numerator / nullif(kpi_values.denominator, 0)
                ) > 1e-9 * greatest(1, abs(kpi_values.value))
                then 'value is not numerator / denominator'
            when
                kpi_catalog.is_bounded
                and (kpi_values.value < 0 or kpi_values.value > 1)
                then 'a share outside 0 to 1'
        end as problem
    from {{ ref('kpi_values') }} as kpi_values
    inner join {{ ref('kpi_catalog') }} as kpi_catalog
        on kpi_values.kpi_id = kpi_catalog.kpi_id
) as checked
where checked.problem is not null
