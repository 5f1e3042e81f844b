{%- set cost = [
    flat_shop(), 'starts_on', 'ends_on', 'cost_class', 'purpose', 'channel', 'description',
] -%}

select
    'flat' as source_system,
    shop as shop_id,
    {{ hash_key([
        'shop', 'starts_on', 'ends_on', 'cost_class', 'purpose', 'channel',
        'description', 'line',
    ]) }} as marketing_cost_id,
    cast(starts_on as date) as starts_on,
    cast(coalesce(ends_on, starts_on) as date) as ends_on,
    upper(trim(cost_class)) as cost_class,
    lower(trim(purpose)) as purpose,
    channel,
    cast(amount as decimal(18, 4)) as amount,
    upper(trim(currency)) as currency,
    description
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ occurrence(cost) }} as line,
        {{ newest_file(cost) }} as version
    from {{ source('flat', 'marketing_costs') }}
) as marketing_costs
where version = 1
