-- Which payment fails? Attempts of the last complete quarter by method.
with last_quarter as (
    select max(period_start) as period_start
    from {{ ref('dim_periods') }}
    where grain = 'quarter' and is_complete
)

select
    kpi_payment_conversion_rate.member as payment_method,
    kpi_payment_conversion_rate.denominator as attempts,
    kpi_payment_conversion_rate.denominator
    - kpi_payment_conversion_rate.numerator as failed,
    kpi_payment_conversion_rate.value as payment_conversion_rate
from {{ ref('kpi_payment_conversion_rate') }} as kpi_payment_conversion_rate
inner join last_quarter
    on kpi_payment_conversion_rate.period_start = last_quarter.period_start
where
    kpi_payment_conversion_rate.grain = 'quarter'
    and kpi_payment_conversion_rate.dimension = 'method'
order by payment_conversion_rate asc nulls last
