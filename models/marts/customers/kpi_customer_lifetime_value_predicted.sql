select
    grain,
    period_start,
    dimension,
    member,
    cast(predicted_value as double) as numerator,
    cast(predicted_customers as double) as denominator,
    cast(predicted_value as double) / nullif(predicted_customers, 0) as value
from {{ ref('rollup_customer_predictions') }}
