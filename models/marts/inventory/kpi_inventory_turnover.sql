select
    grain,
    period_start,
    dimension,
    member,
    -- A year's goods at the pace of the days that have stock data.
    cast(cogs as double) * 365 / nullif(stock_days, 0) as numerator,
    cast(stock_value_days as double) / nullif(stock_days, 0) as denominator,
    cast(cogs as double) * 365 / nullif(stock_value_days, 0) as value
from {{ ref('rollup_stock') }}
