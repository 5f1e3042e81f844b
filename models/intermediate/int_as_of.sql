with order_moments as (
    select
        int_orders.ordered_at as happened_at,
        cast({{ to_local('int_orders.ordered_at', 'int_shops.time_zone') }} as date)
            as happened_on
    from {{ ref('int_orders') }} as int_orders
    inner join {{ ref('int_shops') }} as int_shops
        on int_orders.shop_id = int_shops.shop_id
),

session_moments as (
    select
        int_sessions.started_at as happened_at,
        cast({{ to_local('int_sessions.started_at', 'int_shops.time_zone') }} as date)
            as happened_on
    from {{ ref('int_sessions') }} as int_sessions
    inner join {{ ref('int_shops') }} as int_shops
        on int_sessions.shop_id = int_shops.shop_id
),

moments as (
    select
        min(happened_on) as first_date,
        max(happened_on) as last_date,
        max(happened_at) as last_moment
    from order_moments
    union all
    select
        min(happened_on) as first_date,
        max(happened_on) as last_date,
        max(happened_at) as last_moment
    from session_moments
    union all
    select
        min(ad_date) as first_date,
        max(ad_date) as last_date,
        max(cast(ad_date as timestamp)) as last_moment
    from {{ ref('int_ad_days') }}
)

select
    -- The variable wins; without it, the newest moment in the data.
    coalesce(
        try_cast('{{ var("as_of") or "" }}' as timestamp), max(last_moment)
    ) as as_of,
    coalesce(
        try_cast('{{ var("as_of") or "" }}' as date), max(last_date)
    ) as as_of_date,
    min(first_date) as first_date
from moments
