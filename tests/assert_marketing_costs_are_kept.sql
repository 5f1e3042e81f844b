-- The overheads' days add up to the file, currency by currency, and what the fact holds
-- as ads is the spend of fct_ad_days.
with sides as (
    select
        'overhead ' || upper(trim(currency)) as part,
        amount as told,
        0 as held
    from {{ ref('stg_flat__marketing_costs') }}
    union all
    select
        'overhead ' || currency as part,
        0 as told,
        amount as held
    from {{ ref('int_marketing_cost_days') }}
    union all
    select
        'ads' as part,
        spend as told,
        0 as held
    from {{ ref('fct_ad_days') }}
    union all
    select
        'ads' as part,
        0 as told,
        amount as held
    from {{ ref('fct_marketing_costs') }}
    where cost_source = 'ads'
    union all
    -- Days of overhead that the fact lost or doubled.
    select
        'overhead days' as part,
        1 as told,
        0 as held
    from {{ ref('int_marketing_cost_days') }}
    union all
    select
        'overhead days' as part,
        0 as told,
        1 as held
    from {{ ref('fct_marketing_costs') }}
    where cost_source = 'overhead'
)

select
    part,
    sum(told) as told,
    sum(held) as held
from sides
group by part
having coalesce(sum(told), 0) <> coalesce(sum(held), 0)
