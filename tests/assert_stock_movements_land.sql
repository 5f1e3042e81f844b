-- Every movement up to as_of is in the days of its product; what orders tell of a
-- product without books, or of the time before them, is in none.
with moved as (
    select
        int_stock_movements.product_id,
        int_stock_movements.movement_date,
        int_stock_movements.is_booked,
        int_stock_movements.quantity
    from {{ ref('int_stock_movements') }} as int_stock_movements
    cross join {{ ref('int_as_of') }} as int_as_of
    where int_stock_movements.movement_date <= int_as_of.as_of_date
),

landed as (
    select
        product_id,
        min(stock_date) as first_date,
        sum(moved_units) as units
    from {{ ref('fct_stock_days') }}
    group by product_id
)

select
    moved.product_id,
    landed.units as landed_units,
    sum(moved.quantity) as moved_units
from moved
left join landed
    on moved.product_id = landed.product_id
where moved.is_booked or moved.movement_date >= landed.first_date
group by moved.product_id, landed.units
having landed.units is null or landed.units <> sum(moved.quantity)
