{{ config(
    materialized='incremental',
    meta={
        'unit': 'order_id',
        'touched': '
            select order_id from int_order_touches__changes
            union all
            select order_id from int_orders__changes
        ',
    },
) }}

with placed as (
    select
        int_order_touches.order_id,
        int_order_touches.touch_number,
        int_order_touches.touches,
        -- The last touch that was not direct; the last one where all were.
        coalesce(
            max(case
                when int_order_touches.channel_id <> 'direct'
                    then int_order_touches.touch_number
            end) over (partition by int_order_touches.order_id),
            int_order_touches.touches
        ) as last_non_direct_touch,
        power(
            cast(2 as double),
            -{{ seconds_between('int_order_touches.touched_at',
                                'int_orders.ordered_at') }} / (7 * 86400.0)
        ) as decayed
    from {{ ref('int_order_touches') }} as int_order_touches
    inner join {{ ref('int_orders') }} as int_orders
        on int_order_touches.order_id = int_orders.order_id
    where {{ touched('int_order_touches.order_id') }}
),

weights as (
    select
        order_id,
        touch_number,
        'last_non_direct' as model,
        cast(1 as double) as weight
    from placed
    where touch_number = last_non_direct_touch
    union all
    select
        order_id,
        touch_number,
        'first_touch' as model,
        cast(1 as double) as weight
    from placed
    where touch_number = 1
    union all
    select
        order_id,
        touch_number,
        'linear' as model,
        cast(1 as double) / nullif(touches, 0) as weight
    from placed
    union all
    select
        order_id,
        touch_number,
        'position_based' as model,
        case
            when touches <= 2 then cast(1 as double) / nullif(touches, 0)
            when touch_number in (1, touches) then cast(0.4 as double)
            else cast(0.2 as double) / nullif(touches - 2, 0)
        end as weight
    from placed
    union all
    select
        order_id,
        touch_number,
        'time_decay' as model,
        decayed / nullif(sum(decayed) over (partition by order_id), 0) as weight
    from placed
),

rounded as (
    select
        order_id,
        touch_number,
        model,
        cast(round(weight * 1000000000) / 1000000000 as decimal(18, 9)) as credit,
        row_number() over (
            partition by order_id, model
            order by touch_number desc nulls last
        ) as from_last
    from weights
)

select
    order_id,
    touch_number,
    model,
    cast(
        case
            when from_last = 1
                then
                    1 + credit - sum(credit) over (partition by order_id, model)
            else credit
        end as decimal(18, 9)
    ) as credit
from rounded
