{{ config(
    materialized='incremental',
    meta={
        'unit': 'period_start',
        'touched': periods_of({'fct_carts': ['cart_date']}),
    },
) }}

with carts as (
    select
        fct_carts.cart_date,
        fct_carts.shop_id,
        fct_carts.channel_id,
        fct_carts.device,
        fct_carts.visitor_type,
        fct_carts.status,
        fct_carts.value
    from {{ ref('fct_carts') }} as fct_carts
),

sliced as (
    {{ slices('carts', {
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
    cast(count(*) as bigint) as carts,
    cast(sum(cast(sliced.status in ('abandoned', 'converted') as int)) as bigint)
        as settled_carts,
    cast(sum(cast(sliced.status = 'abandoned' as int)) as bigint) as abandoned_carts,
    cast(sum(cast(sliced.status = 'converted' as int)) as bigint) as converted_carts,
    cast(sum(cast(sliced.status = 'open' as int)) as bigint) as open_carts,
    cast(sum(sliced.value) as decimal(18, 4)) as cart_value
from sliced
inner join {{ ref('dim_period_days') }} as dim_period_days
    on sliced.cart_date = dim_period_days.date_day
where {{ touched('dim_period_days.period_start') }}
group by
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member
