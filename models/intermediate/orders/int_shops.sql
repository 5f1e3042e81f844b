{{ config(meta={'tracked': true}) }}

with listed_shops as (
    select
        shop_id,
        shop_name,
        time_zone,
        currency,
        prices_include_tax,
        country,
        1 as source_rank
    from {{ ref('stg_flat__shops') }}
    union all
    select
        shop_id,
        shop_name,
        time_zone,
        currency,
        prices_include_tax,
        country,
        2 as source_rank
    from {{ ref('shops') }}
),

order_currencies as (
    select
        shop_id,
        currency,
        row_number() over (
            partition by shop_id
            order by count(*) desc nulls last, currency asc nulls last
        ) as preference
    from {{ ref('int_orders') }}
    group by shop_id, currency
),

-- A shop that nobody listed must not take its orders with it.
all_shops as (
    select
        shop_id,
        shop_name,
        time_zone,
        currency,
        prices_include_tax,
        country,
        source_rank
    from listed_shops
    union all
    select
        shop_id,
        cast(null as string) as shop_name,
        cast(null as string) as time_zone,
        currency,
        cast(null as boolean) as prices_include_tax,
        cast(null as string) as country,
        3 as source_rank
    from order_currencies
    where preference = 1
),

ranked as (
    select
        shop_id,
        shop_name,
        time_zone,
        currency,
        prices_include_tax,
        country,
        source_rank,
        row_number() over (
            partition by shop_id
            order by source_rank nulls last, shop_name nulls last
        ) as preference
    from all_shops
)

select
    shop_id,
    coalesce(shop_name, shop_id) as shop_name,
    coalesce(time_zone, 'UTC') as time_zone,
    coalesce(currency, '{{ var("reporting_currency") }}') as currency,
    coalesce(prices_include_tax, false) as prices_include_tax,
    country,
    source_rank < 3 as is_listed
from ranked
where preference = 1
