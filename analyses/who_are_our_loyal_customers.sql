-- Who are our loyal customers, and what share of sales is theirs? All time: the first
-- hundredth and the first tenth of customers by what they spent, and the rest.
select
    spender_group,
    customers,
    sales,
    sales_share,
    sales_per_customer
from {{ ref('loyalty_concentration') }}
where grain = 'all_time' and dimension = 'all'
order by sales_per_customer desc nulls last
