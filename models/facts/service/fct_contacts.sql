-- Shops whose telephone system tells of calls: there, a ticket that came by phone is
-- the desk's note of a call and no second contact.
with shops_with_calls as (
    select
        shop_id,
        min(opened_at) as first_call_at,
        max(opened_at) as last_call_at
    from {{ ref('int_contacts') }}
    where kind = 'call'
    group by shop_id
),

seen as (
    select
        int_contacts.*,
        {{ to_local('int_contacts.opened_at', 'int_contacts.time_zone') }}
            as opened_at_local,
        int_contacts.direction = 'inbound'
        and not int_contacts.is_dropped
        and not (
            int_contacts.kind = 'ticket'
            and coalesce(int_contacts.channel = 'phone', false)
            and coalesce(
                int_contacts.opened_at between shops_with_calls.first_call_at
                and shops_with_calls.last_call_at,
                false
            )
        ) as is_counted,
        -- A machine's reply is none, and what as_of has not seen has not happened.
        case
            when
                not int_contacts.is_automatic_response
                and int_contacts.first_response_at >= int_contacts.opened_at
                and int_contacts.first_response_at <= int_as_of.as_of
                then int_contacts.first_response_at
        end as human_response_at,
        case
            when int_contacts.solved_at <= int_as_of.as_of then int_contacts.solved_at
        end as seen_solved_at
    from {{ ref('int_contacts') }} as int_contacts
    cross join {{ ref('int_as_of') }} as int_as_of
    left join shops_with_calls
        on int_contacts.shop_id = shops_with_calls.shop_id
    where int_contacts.opened_at is not null
),

-- An order is named by its id or by its number. Two orders of one number: neither.
named_orders as (
    {{ named_orders() }}
)

select
    seen.contact_id,
    seen.shop_id,
    seen.source_system,
    seen.kind,
    seen.direction,
    seen.queue,
    seen.channel,
    seen.opened_at,
    seen.opened_at_local,
    cast(seen.opened_at_local as date) as contact_date,
    coalesce(
        accounts.customer_id,
        emails.customer_id,
        phones.customer_id,
        int_order_customers.customer_id
    ) as customer_id,
    named_orders.order_id,
    seen.agent_key,
    seen.is_counted,
    case
        when seen.kind = 'call' then seen.is_answered
        else seen.human_response_at is not null
    end as is_answered,
    coalesce(seen.is_abandoned, false) as is_abandoned,
    seen.wait_seconds,
    seen.talk_seconds,
    seen.kind = 'call'
    and seen.is_answered
    and coalesce(seen.wait_seconds <= {{ var('service_level_seconds') }}, false)
        as is_within_service_level,
    seen.human_response_at as first_response_at,
    cast(
        {{ seconds_between('seen.opened_at', 'seen.human_response_at') }} / 60 as double
    ) as first_response_minutes,
    seen.seen_solved_at as solved_at,
    seen.is_counted
    and case
        when seen.kind = 'call' then seen.is_answered
        else seen.human_response_at is not null or seen.seen_solved_at is not null
    end as is_handled,
    -- A call is work when it comes, a ticket when somebody answers it.
    cast(
        {{ to_local(
            "case when seen.kind = 'call' then seen.opened_at "
            ~ "else coalesce(seen.human_response_at, seen.seen_solved_at) end",
            'seen.time_zone'
        ) }} as date
    ) as handled_date
from seen
left join {{ ref('int_customer_keys') }} as accounts
    on accounts.key_kind = 'account' and seen.account_id = accounts.key_value
left join {{ ref('int_customer_keys') }} as emails
    on emails.key_kind = 'email' and seen.email_hash = emails.key_value
left join {{ ref('int_customer_keys') }} as phones
    on phones.key_kind = 'phone' and seen.phone_hash = phones.key_value
left join named_orders
    on seen.shop_id || ':' || seen.order_reference = named_orders.name
left join {{ ref('int_order_customers') }} as int_order_customers
    on named_orders.order_id = int_order_customers.order_id
