{{ config(materialized='view') }}

-- The report of orders leaves out what its settings exclude; an export may not.
with counted as (
    select
        report.shop_id,
        cast(
            case
                when report.is_local_time then report.happened_at
                else
                    {{ to_local(
                        'report.happened_at', "coalesce(zones.time_zone, 'UTC')"
                    ) }}
            end as date
        ) as report_date,
        report.net_revenue,
        case when report.is_refund then 0 else 1 end as orders
    from {{ ref('stg_woocommerce__order_report') }} as report
    left join {{ ref('int_shop_zones') }} as zones
        on report.shop_id = zones.shop_id
    where
        report.status not in (
            'pending', 'failed', 'cancelled', 'checkout-draft', 'trash'
        )
)

select
    shop_id,
    report_date,
    cast(sum(net_revenue) as decimal(18, 4)) as net_revenue,
    cast(sum(orders) as bigint) as orders
from counted
group by shop_id, report_date
