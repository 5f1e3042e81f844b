with costs as (
    select
        marketing_cost_id,
        shop_id,
        starts_on,
        cost_class,
        purpose,
        channel,
        currency,
        amount,
        {{ datediff('starts_on', 'coalesce(ends_on, starts_on)', 'day') }} + 1 as days
    from {{ ref('stg_flat__marketing_costs') }}
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
            {{ as_channel_id('told.channel') }} = channels.channel_id
            or {{ as_channel_id('told.channel') }}
            = {{ as_channel_id('channels.channel_name') }}
    group by told.channel
)

select
    {{ hash_key(['days.marketing_cost_id', 'days.cost_date']) }} as marketing_cost_id,
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
