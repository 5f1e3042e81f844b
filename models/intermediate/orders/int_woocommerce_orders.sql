with exported as (
    select
        shop_id,
        order_id,
        order_number,
        cast(null as string) as report_row_id,
        ordered_at,
        is_local_time,
        account_id,
        email_hash,
        phone_hash,
        financial_status,
        fulfillment_status,
        paid_at,
        cancelled_at,
        fulfilled_at,
        currency,
        subtotal_amount,
        discount_amount,
        discount_code,
        shipping_amount,
        tax_amount,
        total_amount,
        refunded_amount,
        country,
        region,
        payment_method,
        is_draft,
        utm_source,
        utm_medium,
        utm_campaign,
        device
    from {{ ref('stg_woocommerce__orders') }}
    union all
    -- The report has its own word only on orders that no export itemises.
    select
        report.shop_id,
        report.shop_id || ':' || report.order_number as order_id,
        report.order_number,
        report.report_row_id,
        report.happened_at as ordered_at,
        report.is_local_time,
        cast(null as string) as account_id,
        cast(null as string) as email_hash,
        cast(null as string) as phone_hash,
        report.financial_status,
        case when report.status = 'completed' then 'fulfilled' else 'unfulfilled' end
            as fulfillment_status,
        cast(null as timestamp) as paid_at,
        case when report.status in ('cancelled', 'failed') then report.happened_at end
            as cancelled_at,
        cast(null as timestamp) as fulfilled_at,
        cast(null as string) as currency,
        report.net_revenue as subtotal_amount,
        cast(null as decimal(18, 4)) as discount_amount,
        report.discount_code,
        cast(null as decimal(18, 4)) as shipping_amount,
        cast(null as decimal(18, 4)) as tax_amount,
        report.net_revenue as total_amount,
        cast(null as decimal(18, 4)) as refunded_amount,
        cast(null as string) as country,
        cast(null as string) as region,
        cast(null as string) as payment_method,
        report.status = 'checkout-draft' as is_draft,
        report.utm_source,
        report.utm_medium,
        cast(null as string) as utm_campaign,
        cast(null as string) as device
    from {{ ref('stg_woocommerce__order_report') }} as report
    left join {{ ref('stg_woocommerce__orders') }} as known
        on
            report.shop_id = known.shop_id
            and report.order_number = known.order_number
    where known.order_id is null and not report.is_refund
),

ranked as (
    select
        *,
        row_number() over (
            partition by order_id
            order by
                case when report_row_id is null then 0 else 1 end asc nulls last,
                ordered_at asc nulls last,
                report_row_id asc nulls last
        ) as preference
    from exported
)

select
    ranked.shop_id,
    ranked.order_id,
    ranked.order_number,
    ranked.report_row_id,
    case
        when ranked.is_local_time
            then {{ to_utc('ranked.ordered_at', "coalesce(zones.time_zone, 'UTC')") }}
        else ranked.ordered_at
    end as ordered_at,
    ranked.account_id,
    ranked.email_hash,
    ranked.phone_hash,
    ranked.financial_status,
    ranked.fulfillment_status,
    case
        when ranked.is_local_time
            then {{ to_utc('ranked.paid_at', "coalesce(zones.time_zone, 'UTC')") }}
        else ranked.paid_at
    end as paid_at,
    case
        when ranked.is_local_time
            then {{ to_utc('ranked.cancelled_at', "coalesce(zones.time_zone, 'UTC')") }}
        else ranked.cancelled_at
    end as cancelled_at,
    case
        when ranked.is_local_time
            then {{ to_utc('ranked.fulfilled_at', "coalesce(zones.time_zone, 'UTC')") }}
        else ranked.fulfilled_at
    end as fulfilled_at,
    ranked.currency,
    ranked.subtotal_amount,
    ranked.discount_amount,
    ranked.discount_code,
    ranked.shipping_amount,
    ranked.tax_amount,
    ranked.total_amount,
    ranked.refunded_amount,
    ranked.country,
    ranked.region,
    ranked.payment_method,
    ranked.is_draft,
    ranked.utm_source,
    ranked.utm_medium,
    ranked.utm_campaign,
    ranked.device
from ranked
left join {{ ref('int_shop_zones') }} as zones
    on ranked.shop_id = zones.shop_id
where ranked.preference = 1
