with costs as (
    select
        shop_id,
        starts_on,
        coalesce(ends_on, starts_on) as ends_on,
        upper(trim(cost_class)) as cost_class,
        lower(trim(purpose)) as purpose,
        channel,
        upper(trim(currency)) as currency,
        description,
        sum(amount) as amount,
        {{ datediff('starts_on', 'coalesce(ends_on, starts_on)', 'day') }} + 1 as days
    from {{ ref('stg_flat__marketing_costs') }}
    group by
        shop_id,
        starts_on,
        ends_on,
        upper(trim(cost_class)),
        lower(trim(purpose)),
        channel,
        upper(trim(currency)),
        description
),

days as (
    select
        costs.*,
        numbers.i as day_number,
        cast(costs.starts_on + numbers.i * interval '1' day as date) as cost_date
    from costs
    inner join range(0, 4000) as numbers (i)
        on numbers.i < costs.days
),

channel_names as (
    select
        told.channel,
        min(channels.channel_id) as channel_id
    from (select distinct costs.channel from costs) as told
    inner join {{ ref('channels') }} as channels
        on
            lower(trim(told.channel)) = lower(channels.channel_name)
            or lower(trim(told.channel)) = channels.channel_id
    group by told.channel
)

select
    {{ hash_key(['days.shop_id', 'days.starts_on', 'days.ends_on', 'days.cost_class',
                 'days.purpose', 'days.channel', 'days.currency', 'days.description',
                 'days.cost_date']) }} as marketing_cost_id,
    days.shop_id,
    days.cost_date,
    days.cost_class,
    days.purpose,
    channel_names.channel_id,
    days.currency,
    {{ spread_amount('days.amount', 'days.day_number', 'days.days') }} as amount
from days
left join channel_names
    on days.channel = channel_names.channel
