with period_entries as (
    select
        dim_periods.grain,
        dim_periods.period_start,
        dim_periods.days,
        fct_platform_differences.platform,
        fct_platform_differences.figure,
        fct_platform_differences.shop_id,
        fct_platform_differences.step,
        count(*) as entries,
        sum(fct_platform_differences.numerator) as numerator,
        sum(fct_platform_differences.denominator) as denominator
    from {{ ref('fct_platform_differences') }} as fct_platform_differences
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on fct_platform_differences.entry_date = dim_period_days.date_day
    inner join {{ ref('dim_periods') }} as dim_periods
        on
            dim_period_days.grain = dim_periods.grain
            and dim_period_days.period_start = dim_periods.period_start
    where dim_periods.grain in ('week', 'month') and dim_periods.is_complete
    group by
        dim_periods.grain,
        dim_periods.period_start,
        dim_periods.days,
        fct_platform_differences.platform,
        fct_platform_differences.figure,
        fct_platform_differences.shop_id,
        fct_platform_differences.step
),

-- Where only GA4's report is left of a day, nobody knows which orders it saw.
walks as (
    select
        grain,
        period_start,
        platform,
        figure,
        shop_id,
        -- Part of a period reported is no figure to compare with.
        max(case when step = 'theirs' then entries else 0 end) = max(days)
            as is_reported
    from period_entries
    group by grain, period_start, platform, figure, shop_id
    having
        max(case when step in ('ours', 'theirs') then 1 else 0 end) = 1
        and max(case when step = 'unseen_day' then 1 else 0 end) = 0
),

steps as (
    select
        walks.grain,
        walks.period_start,
        walks.platform,
        walks.figure,
        walks.shop_id,
        walks.is_reported,
        reconciliation_steps.kpi_id,
        reconciliation_steps.step_number,
        reconciliation_steps.step,
        reconciliation_steps.label,
        coalesce(period_entries.numerator, 0) as numerator,
        period_entries.denominator,
        count(period_entries.denominator) over (
            partition by walks.platform, walks.figure
        ) > 0 as is_ratio
    from walks
    inner join {{ ref('reconciliation_steps') }} as reconciliation_steps
        on
            walks.platform = reconciliation_steps.platform
            and walks.figure = reconciliation_steps.figure
    left join period_entries
        on
            walks.grain = period_entries.grain
            and walks.period_start = period_entries.period_start
            and walks.platform = period_entries.platform
            and walks.figure = period_entries.figure
            and walks.shop_id = period_entries.shop_id
            and reconciliation_steps.step = period_entries.step
),

run as (
    select
        *,
        sum(numerator) over (
            partition by grain, period_start, platform, figure, shop_id
            order by step_number nulls last
            rows between unbounded preceding and current row
        ) as numerator_so_far,
        sum(denominator) over (
            partition by grain, period_start, platform, figure, shop_id
            order by step_number nulls last
            rows between unbounded preceding and current row
        ) as denominator_so_far
    from steps
    where step <> 'theirs'
),

valued as (
    select
        *,
        case
            when is_ratio then numerator_so_far / nullif(denominator_so_far, 0)
            else numerator_so_far
        end as value_so_far
    from run
),

stepped as (
    select
        *,
        lag(value_so_far) over (
            partition by grain, period_start, platform, figure, shop_id
            order by step_number nulls last
        ) as value_before,
        row_number() over (
            partition by grain, period_start, platform, figure, shop_id
            order by step_number desc nulls last
        ) as from_end
    from valued
),

-- What the walk arrives at stands for their figure where no export holds it.
ends as (
    select
        steps.grain,
        steps.period_start,
        steps.platform,
        steps.figure,
        steps.shop_id,
        steps.is_reported,
        steps.is_ratio,
        steps.kpi_id,
        steps.label,
        stepped.value_so_far as arrived_at,
        case
            when steps.is_reported then steps.numerator
            else stepped.numerator_so_far
        end as numerator,
        case
            when steps.is_reported then steps.denominator
            else stepped.denominator_so_far
        end as denominator
    from steps
    inner join stepped
        on
            steps.grain = stepped.grain
            and steps.period_start = stepped.period_start
            and steps.platform = stepped.platform
            and steps.figure = stepped.figure
            and steps.shop_id = stepped.shop_id
            and stepped.from_end = 1
    where steps.step = 'theirs'
),

valued_ends as (
    select
        *,
        case
            when is_ratio then numerator / nullif(denominator, 0)
            else numerator
        end as theirs
    from ends
)

select
    grain,
    period_start,
    platform,
    figure,
    shop_id,
    kpi_id,
    step_number,
    step,
    label,
    case when step = 'ours' then value_so_far else value_so_far - value_before end
        as amount,
    value_so_far as running_total,
    numerator_so_far as numerator,
    denominator_so_far as denominator,
    is_reported
from stepped
union all
select
    grain,
    period_start,
    platform,
    figure,
    shop_id,
    kpi_id,
    cast(98 as bigint) as step_number,
    'unexplained' as step,
    'Unexplained' as label,
    case when is_reported then theirs - arrived_at end as amount,
    theirs as running_total,
    numerator,
    denominator,
    is_reported
from valued_ends
union all
select
    grain,
    period_start,
    platform,
    figure,
    shop_id,
    kpi_id,
    cast(99 as bigint) as step_number,
    'theirs' as step,
    label,
    theirs as amount,
    theirs as running_total,
    numerator,
    denominator,
    is_reported
from valued_ends
