with contacts as (
    select
        fct_contacts.contact_date as happened_on,
        cast(date_trunc('hour', fct_contacts.opened_at_local) as timestamp)
            as happened_in,
        fct_contacts.shop_id,
        fct_contacts.kind,
        fct_contacts.queue,
        fct_contacts.channel,
        case when fct_contacts.kind = 'call' then 1 else 0 end as calls_received,
        case when fct_contacts.kind = 'ticket' then 1 else 0 end as tickets_opened,
        fct_contacts.is_answered,
        fct_contacts.is_abandoned,
        fct_contacts.is_within_service_level,
        fct_contacts.is_handled,
        fct_contacts.wait_seconds,
        fct_contacts.talk_seconds,
        fct_contacts.first_response_minutes
    from {{ ref('fct_contacts') }} as fct_contacts
    where fct_contacts.is_counted
),

-- A shop's orders before its first contact and after its last were placed while nobody
-- told of contacts: they would make the rate look good.
covered_shops as (
    select
        shop_id,
        min(happened_on) as first_date,
        max(happened_on) as last_date
    from contacts
    group by shop_id
),

covered_orders as (
    select
        fct_orders.order_date as happened_on,
        fct_orders.shop_id,
        count(*) as placed_orders
    from {{ ref('fct_orders') }} as fct_orders
    inner join covered_shops
        on
            fct_orders.shop_id = covered_shops.shop_id
            and fct_orders.order_date between covered_shops.first_date
            and covered_shops.last_date
    where fct_orders.is_placed
    group by fct_orders.order_date, fct_orders.shop_id
),

sliced_contacts as (
    {{ slices('contacts', {
        'shop': 'shop_id',
        'kind': 'kind',
        'queue': 'queue',
        'channel': 'channel',
    }) }}
),

sliced_orders as (
    {{ slices('covered_orders', {'shop': 'shop_id'}) }}
),

happenings as (
    select
        happened_on,
        happened_in,
        dimension,
        member,
        1 as contacts,
        calls_received,
        tickets_opened,
        case when is_answered then calls_received else 0 end as calls_answered,
        case when is_abandoned then calls_received else 0 end as calls_abandoned,
        case when is_within_service_level then 1 else 0 end
            as calls_within_service_level,
        case when is_answered and wait_seconds is not null then calls_received else 0
        end as calls_with_wait,
        case when is_answered and calls_received = 1 then wait_seconds end
            as answered_wait_seconds,
        case when is_answered then talk_seconds end as talk_seconds,
        case when is_answered then tickets_opened else 0 end as tickets_answered,
        case when is_handled then 1 else 0 end as contacts_handled,
        first_response_minutes,
        0 as placed_orders
    from sliced_contacts
    union all
    select
        happened_on,
        cast(null as timestamp) as happened_in,
        dimension,
        member,
        0 as contacts,
        0 as calls_received,
        0 as tickets_opened,
        0 as calls_answered,
        0 as calls_abandoned,
        0 as calls_within_service_level,
        0 as calls_with_wait,
        cast(null as double) as answered_wait_seconds,
        cast(null as double) as talk_seconds,
        0 as tickets_answered,
        0 as contacts_handled,
        cast(null as double) as first_response_minutes,
        placed_orders
    from sliced_orders
),

counted as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        happenings.*
    from happenings
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on happenings.happened_on = dim_period_days.date_day
    union all
    select
        'hour' as grain,
        happenings.happened_in as period_start,
        happenings.*
    from happenings
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on
            happenings.happened_on = dim_period_days.date_day
            and dim_period_days.grain = 'day'
    where
        happenings.happened_in is not null
        and happenings.dimension in ('all', 'shop')
)

select
    grain,
    period_start,
    dimension,
    member,
    cast(sum(contacts) as bigint) as contacts,
    cast(sum(calls_received) as bigint) as calls_received,
    cast(sum(calls_answered) as bigint) as calls_answered,
    cast(sum(calls_abandoned) as bigint) as calls_abandoned,
    cast(sum(calls_within_service_level) as bigint) as calls_within_service_level,
    cast(sum(calls_with_wait) as bigint) as calls_with_wait,
    cast(coalesce(sum(answered_wait_seconds), 0) as double) as answered_wait_seconds,
    cast(coalesce(sum(talk_seconds), 0) as double) as talk_seconds,
    cast(sum(tickets_opened) as bigint) as tickets_opened,
    cast(sum(tickets_answered) as bigint) as tickets_answered,
    cast(
        case
            when grain <> 'hour'
                then percentile_cont(0.5) within group (order by first_response_minutes)
        end as double
    ) as first_response_minutes_p50,
    cast(
        case
            when grain <> 'hour'
                then percentile_cont(0.9) within group (order by first_response_minutes)
        end as double
    ) as first_response_minutes_p90,
    cast(sum(contacts_handled) as bigint) as contacts_handled,
    cast(
        case
            when grain <> 'hour' and dimension in ('all', 'shop')
                then sum(placed_orders)
        end as bigint
    ) as placed_orders
from counted
group by grain, period_start, dimension, member
