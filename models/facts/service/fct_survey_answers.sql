with named_orders as (
    {{ named_orders() }}
),

-- All on the usual scale: 5 is best of a csat, 10 of an nps.
scaled as (
    select
        *,
        cast(
            score * case when survey = 'nps' then 10 else 5 end / nullif(scale, 0)
            as double
        ) as usual_score
    from {{ ref('int_survey_answers') }}
    where answered_at is not null and score is not null
),

answers as (
    select
        scaled.*,
        coalesce(named_orders.order_id, fct_contacts.order_id) as known_order_id,
        fct_contacts.contact_id as known_contact_id,
        fct_contacts.customer_id as contact_customer_id,
        fct_contacts.queue as contact_queue
    from scaled
    left join {{ ref('fct_contacts') }} as fct_contacts
        on scaled.contact_id = fct_contacts.contact_id
    left join named_orders
        on scaled.shop_id || ':' || scaled.order_reference = named_orders.name
)

select
    answers.answer_id,
    answers.shop_id,
    answers.source_system,
    answers.survey,
    answers.answered_at,
    cast({{ to_local('answers.answered_at', 'answers.time_zone') }} as date)
        as answer_date,
    coalesce(
        accounts.customer_id,
        emails.customer_id,
        phones.customer_id,
        answers.contact_customer_id,
        int_order_customers.customer_id
    ) as customer_id,
    answers.known_order_id as order_id,
    answers.known_contact_id as contact_id,
    answers.contact_queue as queue,
    answers.usual_score as score,
    answers.survey = 'csat' and answers.usual_score >= 4 as is_satisfied,
    answers.survey = 'nps' and answers.usual_score >= 9 as is_promoter,
    answers.survey = 'nps' and answers.usual_score < 7 as is_detractor
from answers
left join {{ ref('int_customer_keys') }} as accounts
    on accounts.key_kind = 'account' and answers.account_id = accounts.key_value
left join {{ ref('int_customer_keys') }} as emails
    on emails.key_kind = 'email' and answers.email_hash = emails.key_value
left join {{ ref('int_customer_keys') }} as phones
    on phones.key_kind = 'phone' and answers.phone_hash = phones.key_value
left join {{ ref('int_order_customers') }} as int_order_customers
    on answers.known_order_id = int_order_customers.order_id
