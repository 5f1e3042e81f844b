with settings as (
    select
        1 as setting_number,
        'none' as setting
    union all
    select
        2 as setting_number,
        'internal' as setting
    union all
    select
        3 as setting_number,
        'bots' as setting
    union all
    select
        4 as setting_number,
        'default' as setting
    union all
    select
        5 as setting_number,
        'fast' as setting
    union all
    select
        6 as setting_number,
        'strict' as setting
),

judged as (
    select
        cast(date_trunc('month', session_date) as date) as period_start,
        is_bot,
        is_internal,
        has_purchase,
        -- Nobody can look at pages so fast.
        page_views >= 5 and coalesce(engaged_seconds, 0) < 2 * page_views as is_fast,
        -- A robot, or somebody who left at once: nobody can tell.
        not is_engaged and coalesce(engaged_seconds, 0) = 0 as is_unseen
    from {{ ref('fct_sessions') }}
),

-- Few combinations stand for all sessions: the settings meet those.
kinds as (
    select
        period_start,
        is_bot,
        is_internal,
        is_fast,
        is_unseen,
        count(*) as sessions,
        sum(cast(has_purchase as int)) as purchase_sessions
    from judged
    group by period_start, is_bot, is_internal, is_fast, is_unseen
),

verdicts as (
    select
        kinds.period_start,
        kinds.sessions,
        kinds.purchase_sessions,
        settings.setting_number,
        settings.setting,
        not (
            settings.setting in ('internal', 'default', 'fast', 'strict')
            and kinds.is_internal
        )
        and not (
            settings.setting in ('bots', 'default', 'fast', 'strict') and kinds.is_bot
        )
        and not (settings.setting in ('fast', 'strict') and kinds.is_fast)
        and not (settings.setting = 'strict' and kinds.is_unseen) as is_in
    from kinds
    cross join settings
),

counted as (
    select
        period_start,
        setting_number,
        setting,
        sum(sessions) as all_sessions,
        sum(case when is_in then sessions else 0 end) as sessions,
        sum(case when is_in then purchase_sessions else 0 end) as purchase_sessions
    from verdicts
    group by period_start, setting_number, setting
)

select
    period_start,
    cast(setting_number as bigint) as setting_number,
    setting,
    cast(sessions as bigint) as sessions,
    cast(all_sessions - sessions as bigint) as sessions_left_out,
    cast(purchase_sessions as bigint) as purchase_sessions,
    cast(purchase_sessions as double) / nullif(sessions, 0) as conversion_rate
from counted
