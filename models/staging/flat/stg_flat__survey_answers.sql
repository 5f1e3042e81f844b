select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || answer_id as answer_id,
    lower(trim(survey)) as survey,
    cast(answered_at as timestamp) as answered_at,
    shop || ':' || customer_id as account_id,
    {{ hash_email('email') }} as email_hash,
    {{ hash_phone('phone') }} as phone_hash,
    {{ bare_number('order_id') }} as order_reference,
    coalesce(
        shop || ':ticket:' || ticket_id, shop || ':call:' || call_id
    ) as contact_id,
    cast(score as double) as score,
    coalesce(
        cast(scale as double), case when lower(trim(survey)) = 'nps' then 10 else 5 end
    ) as scale,
    false as is_local_time
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_row([flat_shop(), 'answer_id']) }} as version
    from {{ source('flat', 'survey_answers') }}
) as survey_answers
where version = 1
