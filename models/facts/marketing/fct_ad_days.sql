select
    {{ hash_key(['int_ad_days.campaign_id', 'int_ad_days.ad_date']) }} as ad_day_id,
    int_ad_days.shop_id,
    int_ad_days.source_system,
    int_ad_days.ad_date,
    int_ad_days.platform,
    int_ad_days.campaign_id,
    int_ad_campaigns.campaign_name,
    int_ad_campaigns.channel_id,
    int_ad_campaigns.purpose,
    int_ad_days.currency,
    int_fx_rates.rate as fx_rate,
    cast(
        round(int_ad_days.spend * int_fx_rates.rate * 10000) / 10000 as decimal(18, 4)
    ) as spend,
    int_ad_days.impressions,
    int_ad_days.clicks,
    int_ad_days.reach,
    int_ad_days.conversions,
    cast(
        round(int_ad_days.conversions_value * int_fx_rates.rate * 10000) / 10000
        as decimal(18, 4)
    ) as conversions_value,
    int_ad_days.is_spread
from {{ ref('int_ad_days') }} as int_ad_days
inner join {{ ref('int_ad_campaigns') }} as int_ad_campaigns
    on int_ad_days.campaign_id = int_ad_campaigns.campaign_id
left join {{ ref('int_fx_rates') }} as int_fx_rates
    on
        int_ad_days.currency = int_fx_rates.currency
        and int_ad_days.ad_date between int_fx_rates.valid_from
        and int_fx_rates.valid_to
