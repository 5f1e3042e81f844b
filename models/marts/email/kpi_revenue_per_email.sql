select
    grain,
    period_start,
    dimension,
    member,
    cast(attributed_sales as double) as numerator,
    cast(sent as double) as denominator,
    cast(attributed_sales as double) / nullif(sent, 0) as value
from {{ ref('rollup_emails') }}
