{%- set person = 'staff_key' if var('show_staff') else 'team' -%}
with staff_days as (
    select
        shop_id,
        team,
        -- Whom the setting does not allow to see people sees their team.
        {{ person }} as person,
        work_date as happened_on,
        hours,
        -- Work without a target, or a target without a count, says nothing of either.
        case when target_output is not null then output end as output,
        case when output is not null then target_output end as target_output
    from {{ ref('fct_staff_days') }}
),

sliced_days as (
    {{ slices('staff_days', {
        'shop': 'shop_id',
        'team': 'team',
        'person': 'person',
    }) }}
),

worked as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        sliced_days.dimension,
        sliced_days.member,
        sum(sliced_days.hours) as hours,
        sum(sliced_days.output) as output,
        sum(sliced_days.target_output) as target_output
    from sliced_days
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on sliced_days.happened_on = dim_period_days.date_day
    group by
        dim_period_days.grain,
        dim_period_days.period_start,
        sliced_days.dimension,
        sliced_days.member
),

-- The work and the hours stand below one another and meet by shop: a join by day would
-- count the hours once for every order.
shop_days as (
    select
        shop_id,
        work_date as happened_on,
        team,
        hours,
        0 as work
    from {{ ref('fct_staff_days') }}
    where team in ('picking', 'support')
    union all
    select
        shop_id,
        packed_date as happened_on,
        'picking' as team,
        0 as hours,
        1 as work
    from {{ ref('fct_parcels') }}
    where is_counted and parcel_number = 1 and packed_date is not null
    union all
    select
        shop_id,
        handled_date as happened_on,
        'support' as team,
        0 as hours,
        1 as work
    from {{ ref('fct_contacts') }}
    where is_handled
),

-- A shop that tells nothing of its contacts has not answered none.
known_work as (
    select distinct
        shop_id,
        team
    from shop_days
    where work > 0
),

-- Nothing is known of the hours before the first timesheet and after the last.
timesheets as (
    select
        shop_id,
        team,
        min(work_date) as first_date,
        max(work_date) as last_date
    from {{ ref('fct_staff_days') }}
    group by shop_id, team
),

shop_periods as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        shop_days.shop_id,
        shop_days.team,
        sum(shop_days.hours) as hours,
        sum(shop_days.work) as work
    from shop_days
    inner join known_work
        on
            shop_days.shop_id = known_work.shop_id
            and shop_days.team = known_work.team
    inner join timesheets
        on
            shop_days.shop_id = timesheets.shop_id
            and shop_days.team = timesheets.team
            and shop_days.happened_on between timesheets.first_date
            and timesheets.last_date
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on shop_days.happened_on = dim_period_days.date_day
    group by
        dim_period_days.grain,
        dim_period_days.period_start,
        shop_days.shop_id,
        shop_days.team
    having sum(shop_days.hours) > 0
),

sliced_periods as (
    {{ slices('shop_periods', {'shop': 'shop_id'}) }}
),

productive as (
    select
        grain,
        period_start,
        dimension,
        member,
        sum(case when team = 'picking' then hours end) as picking_hours,
        sum(case when team = 'picking' then work end) as picked_orders,
        sum(case when team = 'support' then hours end) as support_hours,
        sum(case when team = 'support' then work end) as handled_contacts
    from sliced_periods
    group by grain, period_start, dimension, member
)

select
    worked.grain,
    worked.period_start,
    worked.dimension,
    worked.member,
    cast(worked.hours as decimal(18, 4)) as hours,
    cast(worked.output as decimal(18, 4)) as output,
    cast(worked.target_output as decimal(18, 4)) as target_output,
    cast(productive.picking_hours as decimal(18, 4)) as picking_hours,
    cast(productive.picked_orders as bigint) as picked_orders,
    cast(productive.support_hours as decimal(18, 4)) as support_hours,
    cast(productive.handled_contacts as bigint) as handled_contacts
from worked
left join productive
    on
        worked.grain = productive.grain
        and worked.period_start = productive.period_start
        and worked.dimension = productive.dimension
        and worked.member = productive.member
