with cube as (
    select
        shop_id,
        channel_id,
        country,
        count(*) as customers,
        count(predicted_value) as predicted_customers,
        sum(predicted_value) as predicted_value,
        sum(case when predicted_value is not null then expected_orders end)
            as expected_orders
    from {{ ref('fct_customer_predictions') }}
    group by 1, 2, 3
),

sliced as (
    {{ slices('cube', {
        'shop': 'shop_id',
        'channel': 'channel_id',
        'country': 'country',
    }) }}
),

members as (
    select
        dimension,
        member,
        sum(customers) as customers,
        sum(predicted_customers) as predicted_customers,
        sum(predicted_value) as predicted_value,
        sum(expected_orders) as expected_orders
    from sliced
    group by 1, 2
)

-- A prediction is made today: it stands in the periods under way. Earlier ones would
-- need the parameters of their own day.
select
    dim_periods.grain,
    dim_periods.period_start,
    members.dimension,
    members.member,
    cast(members.customers as bigint) as customers,
    cast(members.predicted_customers as bigint) as predicted_customers,
    cast(members.predicted_value as decimal(18, 4)) as predicted_value,
    cast(members.expected_orders as double) as expected_orders
from members
inner join {{ ref('dim_periods') }} as dim_periods
    on
        dim_periods.is_current
        and dim_periods.grain in ('day', 'week', 'month', 'quarter', 'year')
