{%- set repeats = [shop_of_file(), "order_number", "date", "net_revenue"] -%}

with numbered as (
    select
        *,
        {{ shop_of_file() }} as shop,
        cast(net_revenue as decimal(18, 4)) as revenue,
        cast(items_sold as bigint) as pieces,
        {{ woocommerce_status('status') }} as state,
        {{ newest_file([shop_of_file(), 'order_number', 'substr(date, 1, 10)']) }}
            as version,
        {{ occurrence(repeats) }} as copy_number
    from {{ source('woocommerce', 'order_report') }}
)

select
    shop as shop_id,
    {{ hash_key(['shop', 'order_number', 'date', 'net_revenue', 'copy_number']) }}
        as report_row_id,
    {{ bare_number(unguarded('order_number')) }} as order_number,
    cast(date as timestamp) as happened_at,
    date not like '%Z' as is_local_time,
    revenue < 0 or pieces < 0 as is_refund,
    state as status,
    {{ woocommerce_financial_status('state', 'cast(null as string)', 'false') }}
        as financial_status,
    {{ unguarded('products') }} as products,
    pieces as items_sold,
    {{ unguarded('coupons') }} as discount_code,
    revenue as net_revenue,
    case
        when attribution like '%:%' then trim(lower(split_part(attribution, ':', 2)))
    end as utm_source,
    case
        when lower(attribution) like 'organic:%' then 'organic'
        when lower(attribution) like 'referral:%' then 'referral'
    end as utm_medium
from numbered
where version = 1
