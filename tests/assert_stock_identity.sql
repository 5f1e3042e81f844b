-- A day opens with what the day before closed with, opening + movements + adjustment is
-- the closing, only a count adjusts, no day is missing, and value is pieces times cost.
with followed as (
    select
        product_id,
        stock_date,
        opening_units,
        moved_units,
        adjusted_units,
        on_hand,
        shop_on_hand,
        erp_on_hand,
        unit_cost,
        stock_value,
        is_in_stock,
        lag(on_hand) over (
            partition by product_id order by stock_date nulls last
        ) as previous_on_hand,
        lag(stock_date) over (
            partition by product_id order by stock_date nulls last
        ) as previous_date
    from {{ ref('fct_stock_days') }}
),

judged as (
    select
        product_id,
        stock_date,
        case
            when opening_units + moved_units + adjusted_units <> on_hand
                then 'opening + movements + adjustment is not the closing'
            when opening_units <> previous_on_hand
                then 'does not open with what the day before closed with'
            when previous_date <> cast(stock_date - interval '1' day as date)
                then 'a day is missing'
            when
                adjusted_units <> 0
                and coalesce(shop_on_hand, erp_on_hand) is null
                then 'adjusted without a count'
            when shop_on_hand <> on_hand
                then 'the shop''s count does not win'
            when
                abs(stock_value - greatest(on_hand, 0) * unit_cost) > 0.0001
                or (stock_value is null) <> (unit_cost is null)
                then 'value is not pieces times cost'
            when is_in_stock <> (on_hand > 0)
                then 'in stock without pieces, or the other way round'
        end as finding
    from followed
)

select
    product_id,
    stock_date,
    finding
from judged
where finding is not null
