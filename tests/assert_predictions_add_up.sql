-- Slices of the predictions add up to the whole; a chance is a chance; a value and the
-- reason for none exclude each other; and every customer is in one segment.
with whole as (
    select
        count(*) as customers,
        count(predicted_value) as predicted_customers,
        coalesce(sum(predicted_value), 0) as predicted_value
    from {{ ref('fct_customer_predictions') }}
),

slices as (
    select
        grain,
        dimension,
        sum(customers) as customers,
        sum(predicted_customers) as predicted_customers,
        coalesce(sum(predicted_value), 0) as predicted_value
    from {{ ref('rollup_customer_predictions') }}
    group by grain, dimension
)

select
    slices.dimension || ' by ' || slices.grain as what,
    slices.customers as found,
    whole.customers as expected
from slices
cross join whole
where
    slices.customers <> whole.customers
    or slices.predicted_customers <> whole.predicted_customers
    or slices.predicted_value <> whole.predicted_value
union all
select
    customer_id as what,
    probability_alive as found,
    expected_orders as expected
from {{ ref('fct_customer_predictions') }}
where
    not coalesce(probability_alive between 0 and 1, true)
    or coalesce(expected_orders < 0, false)
    or (predicted_value is null) = (reason is null)
union all
select
    'customers in segments' as what,
    count(*) as found,
    max(whole.customers) as expected
from {{ ref('customer_segments') }}
cross join whole
having count(*) <> coalesce(max(whole.customers), 0)
