-- Why did conversion move last month? Each channel's part in it: `mix_effect` is
-- what its share of sessions did, `rate_effect` what its own conversion did. Together
-- they are the change of the whole.
with months as (
    select
        period_start,
        previous_period_start
    from {{ ref('dim_periods') }}
    where grain = 'month' and is_complete
    order by period_start desc nulls last
    limit 1
),

channels as (
    select
        kpi_conversion_rate.member as channel,
        sum(
            case
                when kpi_conversion_rate.period_start = months.period_start
                    then kpi_conversion_rate.denominator
            end
        ) as sessions_now,
        sum(
            case
                when kpi_conversion_rate.period_start = months.period_start
                    then kpi_conversion_rate.numerator
            end
        ) as purchases_now,
        sum(
            case
                when kpi_conversion_rate.period_start = months.previous_period_start
                    then kpi_conversion_rate.denominator
            end
        ) as sessions_before,
        sum(
            case
                when kpi_conversion_rate.period_start = months.previous_period_start
                    then kpi_conversion_rate.numerator
            end
        ) as purchases_before
    from {{ ref('kpi_conversion_rate') }} as kpi_conversion_rate
    inner join months
        on
            kpi_conversion_rate.period_start
            in (months.period_start, months.previous_period_start)
    where
        kpi_conversion_rate.grain = 'month'
        and kpi_conversion_rate.dimension = 'channel'
    group by kpi_conversion_rate.member
),

shares as (
    select
        channel,
        coalesce(sessions_now / nullif(sum(sessions_now) over (), 0), 0) as share_now,
        coalesce(sessions_before / nullif(sum(sessions_before) over (), 0), 0)
            as share_before,
        coalesce(purchases_now / nullif(sessions_now, 0), 0) as rate_now,
        coalesce(purchases_before / nullif(sessions_before, 0), 0) as rate_before,
        sum(purchases_before) over () / nullif(sum(sessions_before) over (), 0)
            as rate_of_all_before
    from channels
)

select
    channel,
    share_before,
    share_now,
    rate_before,
    rate_now,
    (share_now - share_before) * (rate_before - rate_of_all_before) as mix_effect,
    share_now * (rate_now - rate_before) as rate_effect
from shares
order by abs(share_now * (rate_now - rate_before)) desc nulls last
