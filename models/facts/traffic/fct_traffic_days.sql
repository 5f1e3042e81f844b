{{ config(meta={'tracked': true}) }}

-- Reports name channels, files may use their ids: Paid Search is paid_search.
with reported_channels as (
    select distinct channel
    from {{ ref('int_traffic_days') }}
),

channel_names as (
    select
        reported_channels.channel,
        min(channels.channel_id) as channel_id
    from reported_channels
    inner join {{ ref('channels') }} as channels
        on
            {{ as_channel_id('reported_channels.channel') }} = channels.channel_id
            or {{ as_channel_id('reported_channels.channel') }}
            = {{ as_channel_id('channels.channel_name') }}
    group by reported_channels.channel
),

summed as (
    select
        int_traffic_days.shop_id,
        int_traffic_days.source_system,
        int_traffic_days.traffic_date,
        coalesce(channel_names.channel_id, 'unassigned') as channel_id,
        coalesce(lower(trim(int_traffic_days.device)), 'unknown') as device,
        sum(int_traffic_days.sessions) as sessions,
        sum(int_traffic_days.visitors) as visitors,
        sum(int_traffic_days.engaged_sessions) as engaged_sessions,
        sum(int_traffic_days.engaged_seconds) as engaged_seconds,
        sum(int_traffic_days.page_views) as page_views,
        sum(int_traffic_days.product_view_sessions) as product_view_sessions,
        sum(int_traffic_days.add_to_cart_sessions) as add_to_cart_sessions,
        sum(int_traffic_days.checkout_sessions) as checkout_sessions,
        sum(int_traffic_days.purchase_sessions) as purchase_sessions
    from {{ ref('int_traffic_days') }} as int_traffic_days
    left join channel_names
        on int_traffic_days.channel = channel_names.channel
    group by
        int_traffic_days.shop_id,
        int_traffic_days.source_system,
        int_traffic_days.traffic_date,
        coalesce(channel_names.channel_id, 'unassigned'),
        coalesce(lower(trim(int_traffic_days.device)), 'unknown')
),

session_days as (
    select distinct
        shop_id,
        session_date
    from {{ ref('fct_sessions') }}
),

-- Two reports of one day are the same traffic twice.
told_by as (
    select
        shop_id,
        traffic_date,
        coalesce(
            min(case when source_system <> 'flat' then source_system end),
            min(source_system)
        ) as source_system
    from summed
    group by shop_id, traffic_date
)

select
    {{ hash_key(['summed.shop_id', 'summed.source_system', 'summed.traffic_date',
                 'summed.channel_id', 'summed.device']) }} as traffic_day_id,
    summed.shop_id,
    summed.source_system,
    summed.traffic_date,
    summed.channel_id,
    summed.device,
    session_days.session_date is null
    and summed.source_system = told_by.source_system as is_counted,
    cast(summed.sessions as bigint) as sessions,
    cast(summed.visitors as bigint) as visitors,
    cast(summed.engaged_sessions as bigint) as engaged_sessions,
    cast(summed.engaged_seconds as double) as engaged_seconds,
    cast(summed.page_views as bigint) as page_views,
    cast(summed.product_view_sessions as bigint) as product_view_sessions,
    cast(summed.add_to_cart_sessions as bigint) as add_to_cart_sessions,
    cast(summed.checkout_sessions as bigint) as checkout_sessions,
    cast(summed.purchase_sessions as bigint) as purchase_sessions
from summed
inner join told_by
    on
        summed.shop_id = told_by.shop_id
        and summed.traffic_date = told_by.traffic_date
left join session_days
    on
        summed.shop_id = session_days.shop_id
        and summed.traffic_date = session_days.session_date
