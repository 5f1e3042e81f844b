{{ config(meta={'tracked': [
    'shop_id', 'campaign_id', 'campaign_name', 'kind', 'sent_at',
]}) }}

{% set columns = [
    'source_system', 'shop_id', 'campaign_send_id', 'campaign_id', 'campaign_name',
    'subject', 'channel', 'kind', 'sent_at', 'sent_at_local', 'currency', 'sent',
    'delivered', 'opened', 'clicked', 'bounced', 'unsubscribed', 'complaints',
    'platform_orders', 'platform_revenue',
] -%}
with all_sends as (
    {% for source in ['klaviyo', 'mailchimp', 'flat'] %}
        select
            {% for column in columns %}
                {{ column }},
            {% endfor %}
            {{ loop.index }} as source_rank
        from {{ ref('stg_' ~ source ~ '__'
                    ~ ('email_campaigns' if source == 'flat' else 'campaigns')) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- A campaign that a platform's own export has is not counted again from a template.
ranked as (
    select
        all_sends.*,
        coalesce(
            all_sends.sent_at,
            {{ to_utc('all_sends.sent_at_local',
                      "coalesce(int_shops.time_zone, 'UTC')") }}
        ) as sent_at_utc,
        coalesce(all_sends.currency, int_shops.currency) as revenue_currency,
        row_number() over (
            partition by all_sends.campaign_send_id
            order by all_sends.source_rank nulls last
        ) as preference
    from all_sends
    left join {{ ref('int_shops') }} as int_shops
        on all_sends.shop_id = int_shops.shop_id
)

select
    source_system,
    shop_id,
    campaign_send_id,
    campaign_id,
    campaign_name,
    subject,
    channel,
    kind,
    sent_at_utc as sent_at,
    revenue_currency as currency,
    sent,
    delivered,
    opened,
    clicked,
    bounced,
    unsubscribed,
    complaints,
    platform_orders,
    platform_revenue
from ranked
where preference = 1
