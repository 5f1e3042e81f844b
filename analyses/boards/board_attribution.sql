-- Orders of the last complete month by channel, a column for each attribution model.
with months as (
    select max(period_start) as period_start
    from {{ ref('dim_periods') }}
    where grain = '{{ var("grain", "month") }}' and is_complete
),

models as (
    select
        channel_performance.channel_name,
        sum(
            case
                when channel_performance.attribution_model = 'last_non_direct'
                    then channel_performance.orders
            end
        ) as last_non_direct,
        sum(
            case
                when channel_performance.attribution_model = 'first_touch'
                    then channel_performance.orders
            end
        ) as first_touch,
        sum(
            case
                when channel_performance.attribution_model = 'linear'
                    then channel_performance.orders
            end
        ) as linear,
        sum(
            case
                when channel_performance.attribution_model = 'position_based'
                    then channel_performance.orders
            end
        ) as position_based,
        sum(
            case
                when channel_performance.attribution_model = 'time_decay'
                    then channel_performance.orders
            end
        ) as time_decay
    from {{ ref('channel_performance') }} as channel_performance
    inner join months
        on channel_performance.period_start = months.period_start
    where channel_performance.grain = '{{ var("grain", "month") }}'
    group by channel_performance.channel_name
)

select
    channel_name,
    last_non_direct,
    first_touch,
    linear,
    position_based,
    time_decay
from models
where last_non_direct + first_touch + linear + position_based + time_decay > 0
order by last_non_direct desc nulls last, channel_name asc nulls last
