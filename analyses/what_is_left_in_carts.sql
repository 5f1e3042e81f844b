-- What is left in carts? Share of carts that nobody bought, and what the average cart
-- is worth, by device and month.
select
    abandonment.period_start,
    abandonment.member as device,
    abandonment.denominator as settled_carts,
    abandonment.value as abandonment_rate,
    cart_value.value as average_cart_value,
    abandonment.numerator * cart_value.value as value_left
from {{ ref('kpi_cart_abandonment_rate') }} as abandonment
inner join {{ ref('kpi_average_cart_value') }} as cart_value
    on
        abandonment.grain = cart_value.grain
        and abandonment.period_start = cart_value.period_start
        and abandonment.dimension = cart_value.dimension
        and abandonment.member = cart_value.member
where abandonment.grain = 'month' and abandonment.dimension = 'device'
order by abandonment.period_start desc nulls last, value_left desc nulls last
limit 12
