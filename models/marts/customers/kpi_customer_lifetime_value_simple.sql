select
    grain,
    period_start,
    dimension,
    member,
    cast(gross_profit_to_date - marketing_cost_to_date as double) as numerator,
    cast(customers_to_date as double) as denominator,
    cast(gross_profit_to_date - marketing_cost_to_date as double)
    / nullif(customers_to_date, 0) as value
from {{ ref('rollup_lifetime') }}
