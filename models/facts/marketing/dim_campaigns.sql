select
    campaign_id,
    platform,
    campaign_name,
    channel_id,
    purpose,
    first_ad_date,
    last_ad_date
from {{ ref('int_ad_campaigns') }}
