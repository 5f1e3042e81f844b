{{ config(materialized='table') }}

with recent as (
    select
        fct_stock_days.product_id,
        count(*) as in_stock_days,
        sum(fct_stock_days.units_sold) as units_sold
    from {{ ref('fct_stock_days') }} as fct_stock_days
    cross join {{ ref('dim_as_of') }} as dim_as_of
    where
        fct_stock_days.stock_date > dim_as_of.as_of_date
        - interval '{{ var("stock_demand_days") }}' day
        -- On days without stock nobody could buy: they say nothing of the demand.
        and (fct_stock_days.opening_units > 0 or fct_stock_days.received_units > 0)
    group by fct_stock_days.product_id
),

-- What was on order at the last count, less what has come since.
counted as (
    select
        product_id,
        incoming_units,
        stock_date as counted_date
    from (
        select
            product_id,
            incoming_units,
            stock_date,
            row_number() over (
                partition by product_id order by stock_date desc nulls last
            ) as recency
        from {{ ref('fct_stock_days') }}
        where incoming_units is not null
    ) as counts
    where recency = 1
),

incoming as (
    select
        counted.product_id,
        greatest(
            counted.incoming_units - coalesce(sum(fct_stock_days.received_units), 0), 0
        ) as incoming_units
    from counted
    left join {{ ref('fct_stock_days') }} as fct_stock_days
        on
            counted.product_id = fct_stock_days.product_id
            and counted.counted_date < fct_stock_days.stock_date
    group by counted.product_id, counted.incoming_units
),

supplied as (
    select
        fct_stock_days.product_id,
        fct_stock_days.shop_id,
        dim_products.sku,
        dim_products.product_name,
        fct_stock_days.category,
        fct_stock_days.on_hand,
        coalesce(incoming.incoming_units, 0) as incoming_units,
        fct_stock_days.stock_value,
        fct_stock_days.last_sold_date,
        fct_stock_days.unsold_days,
        coalesce(fct_stock_days.is_slow_moving, false) as is_slow_moving,
        fct_stock_days.is_active,
        cast(recent.units_sold as double) / nullif(recent.in_stock_days, 0)
            as demand_per_day,
        coalesce(
            of_sku.lead_time_days, of_category.lead_time_days, of_all.lead_time_days
        ) as lead_time_days,
        coalesce(of_sku.safety_days, of_category.safety_days, of_all.safety_days)
            as safety_days,
        coalesce(of_sku.cover_days, of_category.cover_days, of_all.cover_days)
            as cover_days
    from {{ ref('fct_stock_days') }} as fct_stock_days
    inner join {{ ref('dim_as_of') }} as dim_as_of
        on fct_stock_days.stock_date = dim_as_of.as_of_date
    left join {{ ref('dim_products') }} as dim_products
        on fct_stock_days.product_id = dim_products.product_id
    left join recent
        on fct_stock_days.product_id = recent.product_id
    left join incoming
        on fct_stock_days.product_id = incoming.product_id
    left join {{ ref('lead_times') }} as of_sku
        on of_sku.scope = 'sku' and dim_products.sku = of_sku.item
    left join {{ ref('lead_times') }} as of_category
        on
            of_category.scope = 'category'
            and fct_stock_days.category = of_category.item
    left join {{ ref('lead_times') }} as of_all
        on of_all.scope = 'default'
),

planned as (
    select
        *,
        cast(ceil(demand_per_day * (lead_time_days + safety_days)) as bigint)
            as reorder_point,
        cast(greatest(
            ceil(
                coalesce(demand_per_day, 0)
                * (lead_time_days + safety_days + cover_days)
            ) - on_hand - incoming_units,
            0
        ) as bigint) as missing_quantity,
        greatest(on_hand, 0) / nullif(demand_per_day, 0) as days_of_cover
    from supplied
),

judged as (
    select
        *,
        case
            when on_hand < 0 then 'oversold'
            when
                is_active
                and demand_per_day > 0
                and on_hand + incoming_units <= reorder_point
                then 'reorder'
            when on_hand > 0 and is_slow_moving then 'dead'
        end as alert
    from planned
)

select
    product_id,
    shop_id,
    sku,
    product_name,
    category,
    alert,
    case
        when alert = 'oversold'
            then cast(-on_hand as string) || ' sold that are not there'
        when alert = 'reorder' and on_hand = 0
            then
                'sold out; a delivery takes ' || cast(lead_time_days as string)
                || ' days'
        when alert = 'reorder'
            then
                cast(on_hand as string) || ' left last '
                || cast(cast(floor(days_of_cover) as bigint) as string)
                || ' days; a delivery takes ' || cast(lead_time_days as string)
        when alert = 'dead'
            then
                cast(on_hand as string) || ' on hand, none sold for '
                || cast(unsold_days as string) || ' days'
    end as reason,
    cast(on_hand as bigint) as on_hand,
    cast(incoming_units as bigint) as incoming_units,
    stock_value,
    cast(demand_per_day as double) as demand_per_day,
    cast(days_of_cover as double) as days_of_cover,
    cast(lead_time_days as bigint) as lead_time_days,
    cast(reorder_point as bigint) as reorder_point,
    cast(case when alert = 'dead' then 0 else missing_quantity end as bigint)
        as suggested_quantity,
    last_sold_date,
    cast(unsold_days as bigint) as unsold_days
from judged
where alert is not null
