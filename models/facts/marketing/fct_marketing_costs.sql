select
    ad_day_id as marketing_cost_id,
    shop_id,
    ad_date as cost_date,
    'MCC' as cost_class,
    purpose,
    channel_id,
    'ads' as cost_source,
    spend as amount
from {{ ref('fct_ad_days') }}
union all
select
    int_marketing_cost_days.marketing_cost_id,
    int_marketing_cost_days.shop_id,
    int_marketing_cost_days.cost_date,
    int_marketing_cost_days.cost_class,
    int_marketing_cost_days.purpose,
    int_marketing_cost_days.channel_id,
    'overhead' as cost_source,
    cast(
        round(int_marketing_cost_days.amount * int_fx_rates.rate * 10000) / 10000
        as decimal(18, 4)
    ) as amount
from {{ ref('int_marketing_cost_days') }} as int_marketing_cost_days
left join {{ ref('int_fx_rates') }} as int_fx_rates
    on
        int_marketing_cost_days.currency = int_fx_rates.currency
        and int_marketing_cost_days.cost_date between int_fx_rates.valid_from
        and int_fx_rates.valid_to
