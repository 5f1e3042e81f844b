with all_answers as (
    {% for source in ['flat', 'zendesk', 'pbx'] %}
        select
            source_system,
            shop_id,
            answer_id,
            survey,
            answered_at,
            account_id,
            email_hash,
            phone_hash,
            order_reference,
            contact_id,
            score,
            scale,
            is_local_time,
            {{ loop.index }} as source_rank
        from {{ ref('stg_' ~ source ~ '__survey_answers') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- One contact is rated once: a survey file that names the contact wins over the desk's
-- own column.
ranked as (
    select
        all_answers.*,
        coalesce(int_shops.time_zone, 'UTC') as time_zone,
        row_number() over (
            partition by
                all_answers.survey,
                coalesce(all_answers.contact_id, all_answers.answer_id),
                case
                    when all_answers.source_system = 'flat' then all_answers.answer_id
                end
            order by all_answers.source_rank asc nulls last
        ) as preference,
        count(case when all_answers.source_system = 'flat' then 1 end) over (
            partition by
                all_answers.survey,
                coalesce(all_answers.contact_id, all_answers.answer_id)
        ) as answers_in_files
    from all_answers
    left join {{ ref('int_shops') }} as int_shops
        on all_answers.shop_id = int_shops.shop_id
)

select
    source_system,
    shop_id,
    answer_id,
    survey,
    case
        when is_local_time then {{ to_utc('answered_at', 'time_zone') }}
        else answered_at
    end as answered_at,
    time_zone,
    account_id,
    email_hash,
    phone_hash,
    order_reference,
    contact_id,
    score,
    scale
from ranked
where preference = 1 and (source_system = 'flat' or answers_in_files = 0)
