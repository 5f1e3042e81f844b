select
    grain,
    period_start,
    dimension,
    member,
    cast(own_prices as double) as numerator,
    cast(competitor_prices as double) as denominator,
    cast(own_prices as double) / nullif(competitor_prices, 0) as value
from {{ ref('rollup_market') }}
where offers_seen is not null
