-- A session that begins checkout twice is one checkout session, successful if one of
-- its attempts was.
with checkout_sessions as (
    select
        session_id,
        min(checkout_date) as checkout_date,
        min(shop_id) as shop_id,
        min(channel_id) as channel_id,
        min(device) as device,
        min(visitor_type) as visitor_type,
        bool_or(is_successful) as is_successful
    from {{ ref('fct_checkouts') }}
    group by session_id
),

sliced as (
    {{ slices('checkout_sessions', {
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
    cast(count_if(sliced.is_successful) as bigint) as successful_checkouts
from sliced
inner join {{ ref('dim_period_days') }} as dim_period_days
    on sliced.checkout_date = dim_period_days.date_day
group by
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member
