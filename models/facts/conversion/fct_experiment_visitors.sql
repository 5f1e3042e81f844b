with units as (
    select
        units.experiment_id,
        units.unit_key,
        units.unit_kind,
        units.shop_id,
        units.visitor_id,
        units.account_id,
        units.customer_id,
        units.variant,
        units.assigned_at,
        units.variants,
        cast(
            {{ to_local('units.assigned_at', "coalesce(int_shops.time_zone, 'UTC')") }}
            as date
        ) as assigned_date,
        cast(
            units.assigned_at
            + coalesce(
                experiments.window_days, {{ var('experiment_window_days') }}
            ) * interval '1' day as timestamp
        ) as window_ends_at,
        experiments.starts_on,
        experiments.ends_on
    from {{ ref('int_experiment_units') }} as units
    left join {{ ref('int_shops') }} as int_shops
        on units.shop_id = int_shops.shop_id
    left join {{ ref('experiments') }} as experiments
        on units.experiment_id = experiments.experiment_id
),

ordering_visitors as (
    select
        order_id,
        min(visitor_id) as visitor_id
    from {{ ref('int_purchases') }}
    where order_id is not null and visitor_id is not null
    group by order_id
),

placed_orders as (
    select
        fct_orders.order_id,
        fct_orders.customer_id,
        coalesce(ordering_visitors.visitor_id, fct_orders.visitor_id) as visitor_id,
        fct_orders.ordered_at,
        fct_orders.sales
    from {{ ref('fct_orders') }} as fct_orders
    left join ordering_visitors
        on fct_orders.order_id = ordering_visitors.order_id
    where fct_orders.is_placed
),

-- A browser answers for the orders made in it, a person for all orders of theirs.
unit_orders as (
    select
        units.experiment_id,
        units.unit_key,
        placed_orders.order_id,
        placed_orders.sales
    from units
    inner join placed_orders
        on units.visitor_id = placed_orders.visitor_id
    where
        placed_orders.ordered_at >= units.assigned_at
        and placed_orders.ordered_at < units.window_ends_at
    union all
    select
        units.experiment_id,
        units.unit_key,
        placed_orders.order_id,
        placed_orders.sales
    from units
    inner join placed_orders
        on units.customer_id = placed_orders.customer_id
    where
        placed_orders.ordered_at >= units.assigned_at
        and placed_orders.ordered_at < units.window_ends_at
),

order_totals as (
    select
        experiment_id,
        unit_key,
        count(*) as orders,
        {{ known_sum('sales') }} as sales
    from unit_orders
    group by experiment_id, unit_key
),

-- A person who has never ordered goes by the account that logged in, if any did.
unit_visits as (
    select
        units.experiment_id,
        units.unit_key
    from units
    inner join {{ ref('fct_sessions') }} as fct_sessions
        on units.visitor_id = fct_sessions.visitor_id
    where
        fct_sessions.is_counted
        and fct_sessions.started_at >= units.assigned_at
        and fct_sessions.started_at < units.window_ends_at
    union all
    select
        units.experiment_id,
        units.unit_key
    from units
    inner join {{ ref('fct_sessions') }} as fct_sessions
        on coalesce(units.customer_id, units.account_id) = fct_sessions.person_id
    where
        units.visitor_id is null
        and fct_sessions.is_counted
        and fct_sessions.started_at >= units.assigned_at
        and fct_sessions.started_at < units.window_ends_at
),

visit_totals as (
    select
        experiment_id,
        unit_key,
        count(*) as visits
    from unit_visits
    group by experiment_id, unit_key
)

select
    units.experiment_id,
    units.unit_key,
    units.unit_kind,
    units.shop_id,
    units.variant,
    units.assigned_at,
    units.assigned_date,
    units.window_ends_at,
    units.variants > 1 as is_in_several_variants,
    units.variants = 1
    and units.assigned_date >= coalesce(units.starts_on, units.assigned_date)
    and units.assigned_date <= coalesce(units.ends_on, units.assigned_date)
        as is_counted,
    units.window_ends_at <= int_as_of.as_of as is_settled,
    coalesce(order_totals.orders, 0) > 0 as is_converted,
    coalesce(visit_totals.visits, 0) > 0 as is_visited,
    cast(coalesce(order_totals.orders, 0) as bigint) as orders,
    cast(coalesce(visit_totals.visits, 0) as bigint) as visits,
    cast(case
        when order_totals.orders is null then 0
        else order_totals.sales
    end as decimal(18, 4)) as sales
from units
cross join {{ ref('int_as_of') }} as int_as_of
left join order_totals
    on
        units.experiment_id = order_totals.experiment_id
        and units.unit_key = order_totals.unit_key
left join visit_totals
    on
        units.experiment_id = visit_totals.experiment_id
        and units.unit_key = visit_totals.unit_key
