select
    source_system,
    shop_id,
    ad_date,
    platform,
    campaign_id,
    campaign_name,
    campaign_type,
    currency,
    spend,
    impressions,
    clicks,
    reach,
    conversions,
    conversions_value,
    is_spread
from {{ ref('int_ad_day_rows') }}
where not is_superseded
