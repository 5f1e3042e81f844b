select
    grain,
    period_start,
    dimension,
    member,
    cast(offers_in_stock as double) as numerator,
    cast(offers_seen as double) as denominator,
    cast(offers_in_stock as double) / nullif(offers_seen, 0) as value
from {{ ref('rollup_market') }}
where offers_seen is not null
