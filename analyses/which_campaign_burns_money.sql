-- Which campaign burns money? Of the last complete quarter's spend, what came back for
-- each unit of it, least first.
with last_quarter as (
    select max(period_start) as period_start
    from {{ ref('dim_periods') }}
    where grain = 'quarter' and is_complete
)

select
    kpi_return_on_ad_spend.member as campaign,
    kpi_return_on_ad_spend.denominator as ad_spend,
    kpi_return_on_ad_spend.numerator as attributed_sales,
    kpi_return_on_ad_spend.value as return_on_ad_spend
from {{ ref('kpi_return_on_ad_spend') }} as kpi_return_on_ad_spend
inner join last_quarter
    on kpi_return_on_ad_spend.period_start = last_quarter.period_start
where
    kpi_return_on_ad_spend.grain = 'quarter'
    and kpi_return_on_ad_spend.dimension = 'campaign'
    and kpi_return_on_ad_spend.denominator > 0
order by return_on_ad_spend asc nulls last, ad_spend desc nulls last
limit 15
