{% set name_of_file =
    '(^|[/])((sent|open|click|bounce|unsub|abuse)[a-z]*[_ -])?([^/.]+)[^/]*$' -%}
{{ config(
    materialized='incremental',
    meta={'unit': 'landed_file', 'touched': 'files of mailchimp/activity'},
) }}

-- The account export has a file for each action and campaign, which only its name tells
-- (opens_spring letter.csv); the reports of the API say both in the row.
with told as (
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ hash_email('email') }} as email_hash,
        coalesce(action, regexp_extract(lower(_file), '{{ name_of_file }}', 3))
            as action_name,
        coalesce(
            campaign_name,
            case
                when campaign_id is null
                    then regexp_extract(_file, '{{ name_of_file }}', 4)
            end
        ) as title
    from {{ source('mailchimp', 'activity') }}
    where {{ touched('_file') }}
),

keyed as (
    select
        *,
        {{ hash_key([
            'campaign_id', 'title', 'email_hash', 'lower(action_name)', 'event_at',
            'url',
        ]) }} as event_key
    from told
)

select
    _file as landed_file,
    _row as landed_row,
    _landed_at as landed_at,
    shop as shop_id,
    shop || ':' || event_key as event_id,
    shop || ':' || campaign_id as campaign_id,
    trim(title) as campaign_name,
    email_hash,
    case
        when lower(action_name) like 'sent%' then 'sent'
        when lower(action_name) like 'open%' then 'opened'
        when lower(action_name) like 'click%' then 'clicked'
        when lower(action_name) like 'bounce%' then 'bounced'
        when lower(action_name) like 'unsub%' then 'unsubscribed'
        when lower(action_name) like 'abuse%' then 'complained'
    end as event_name,
    case when event_at like '%Z' then cast(event_at as timestamp) end as event_at,
    case when event_at not like '%Z' then cast(event_at as timestamp) end
        as event_at_local
from keyed
