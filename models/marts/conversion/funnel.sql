with steps as (
    select
        1 as step_number,
        'session' as step
    union all
    select
        2 as step_number,
        'product_view' as step
    union all
    select
        3 as step_number,
        'cart' as step
    union all
    select
        4 as step_number,
        'checkout' as step
    union all
    select
        5 as step_number,
        'payment' as step
    union all
    select
        6 as step_number,
        'order' as step
),

counted as (
    select
        rollup_sessions.grain,
        rollup_sessions.period_start,
        rollup_sessions.dimension,
        rollup_sessions.member,
        steps.step_number,
        steps.step,
        rollup_sessions.sessions as entered_sessions,
        case steps.step_number
            when 1 then rollup_sessions.sessions
            when 2 then rollup_sessions.funnel_product_view_sessions
            when 3 then rollup_sessions.funnel_cart_sessions
            when 4 then rollup_sessions.funnel_checkout_sessions
            when 5 then rollup_sessions.funnel_payment_sessions
            else rollup_sessions.funnel_purchase_sessions
        end as sessions,
        case steps.step_number
            when 2 then rollup_sessions.sessions
            when 3 then rollup_sessions.funnel_product_view_sessions
            when 4 then rollup_sessions.funnel_cart_sessions
            when 5 then rollup_sessions.funnel_checkout_sessions
            when 6 then rollup_sessions.funnel_payment_sessions
        end as previous_sessions
    from {{ ref('rollup_sessions') }} as rollup_sessions
    cross join steps
    where rollup_sessions.dimension in ('all', 'channel', 'device')
)

select
    grain,
    period_start,
    dimension,
    member,
    cast(step_number as bigint) as step_number,
    step,
    cast(sessions as bigint) as sessions,
    cast(sessions as double) / nullif(previous_sessions, 0) as step_rate,
    cast(sessions as double) / nullif(entered_sessions, 0) as overall_rate,
    cast(previous_sessions - sessions as bigint) as drop_off
from counted
