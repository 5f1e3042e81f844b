-- What the biggest spenders bring: over all time, then the newest quarters.
select
    case
        when loyalty_concentration.grain = 'all_time' then 'All time'
        else
            'Q'
            || cast(
                cast(extract(quarter from loyalty_concentration.period_start) as bigint)
                as string
            )
            || ' '
            || cast(
                cast(extract(year from loyalty_concentration.period_start) as bigint)
                as string
            )
    end as period,
    loyalty_concentration.spender_group,
    loyalty_concentration.customers,
    loyalty_concentration.sales,
    loyalty_concentration.sales_share,
    loyalty_concentration.sales_per_customer
from {{ ref('loyalty_concentration') }} as loyalty_concentration
where
    loyalty_concentration.dimension = 'all'
    and loyalty_concentration.grain in ('all_time', 'quarter')
order by
    case when loyalty_concentration.grain = 'all_time' then 0 else 1 end asc nulls last,
    loyalty_concentration.period_start desc nulls last,
    loyalty_concentration.sales_per_customer desc nulls last
