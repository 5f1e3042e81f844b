{{ config(
    materialized='incremental',
    meta={
        'unit': 'period_start',
        'touched': periods_of({'fct_checkouts': ['checkout_date']}),
    },
) }}

with checkouts as (
    select
        fct_checkouts.checkout_date,
        fct_checkouts.shop_id,
        fct_checkouts.channel_id,
        fct_checkouts.device,
        fct_checkouts.visitor_type,
        fct_checkouts.is_successful
    from {{ ref('fct_checkouts') }} as fct_checkouts
),

sliced as (
    {{ slices('checkouts', {
        'shop': 'shop_id',
        'channel': 'channel_id',
        'device': 'device',
        'visitor_type': 'visitor_type',
    }) }}
)

select
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member,
    cast(count(*) as bigint) as checkout_sessions,
    cast(sum(cast(sliced.is_successful as int)) as bigint) as successful_checkouts
from sliced
inner join {{ ref('dim_period_days') }} as dim_period_days
    on sliced.checkout_date = dim_period_days.date_day
where {{ touched('dim_period_days.period_start') }}
group by
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member
