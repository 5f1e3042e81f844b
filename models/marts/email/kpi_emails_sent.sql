select
    grain,
    period_start,
    dimension,
    member,
    cast(sent as double) as numerator,
    cast(1 as double) as denominator,
    cast(sent as double) as value
from {{ ref('rollup_emails') }}
