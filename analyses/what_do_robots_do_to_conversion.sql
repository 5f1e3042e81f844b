-- What do robots do to conversion? The last complete month under every setting of the
-- filter, side by side.
with last_month as (
    select max(period_start) as period_start
    from {{ ref('dim_periods') }}
    where grain = 'month' and is_complete
)

select
    bot_filter_sensitivity.setting_number,
    bot_filter_sensitivity.setting,
    bot_filter_sensitivity.sessions,
    bot_filter_sensitivity.sessions_left_out,
    bot_filter_sensitivity.conversion_rate
from {{ ref('bot_filter_sensitivity') }} as bot_filter_sensitivity
inner join last_month
    on bot_filter_sensitivity.period_start = last_month.period_start
order by bot_filter_sensitivity.setting_number nulls last
