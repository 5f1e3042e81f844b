-- What returns leave of sales can be less than a cent, which is rounding and no sales.
select
    grain,
    period_start,
    dimension,
    member,
    cast(gross_profit as double) as numerator,
    cast(case when costed_net_sales >= 0.01 then costed_net_sales else 0 end as double)
        as denominator,
    cast(gross_profit as double)
    / nullif(case when costed_net_sales >= 0.01 then costed_net_sales end, 0) as value
from {{ ref('rollup_orders') }}
where grain <> 'hour'
