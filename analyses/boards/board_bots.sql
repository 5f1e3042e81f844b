-- The conversion rate of the month under each setting of the filter.
select
    bot_filter_sensitivity.setting,
    bot_filter_sensitivity.sessions,
    bot_filter_sensitivity.sessions_left_out,
    bot_filter_sensitivity.conversion_rate
from {{ ref('bot_filter_sensitivity') }} as bot_filter_sensitivity
inner join {{ ref('dim_periods') }} as dim_periods
    on bot_filter_sensitivity.period_start = cast(dim_periods.period_start as date)
where dim_periods.grain = 'month' and dim_periods.is_current
order by bot_filter_sensitivity.setting_number asc nulls last
