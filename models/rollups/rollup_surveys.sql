with answers as (
    select
        fct_survey_answers.answer_date,
        fct_survey_answers.shop_id,
        fct_survey_answers.queue,
        fct_survey_answers.survey,
        fct_survey_answers.score,
        fct_survey_answers.is_satisfied,
        fct_survey_answers.is_promoter,
        fct_survey_answers.is_detractor
    from {{ ref('fct_survey_answers') }} as fct_survey_answers
),

sliced as (
    {{ slices('answers', {'shop': 'shop_id', 'queue': 'queue'}) }}
)

select
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member,
    cast(sum(cast(sliced.survey = 'csat' as int)) as bigint) as csat_answers,
    cast(sum(cast(sliced.is_satisfied as int)) as bigint) as satisfied_answers,
    cast(
        coalesce(sum(case when sliced.survey = 'csat' then sliced.score end), 0)
        as double
    ) as csat_points,
    cast(sum(cast(sliced.survey = 'nps' as int)) as bigint) as nps_answers,
    cast(sum(cast(sliced.is_promoter as int)) as bigint) as promoters,
    cast(sum(cast(sliced.is_detractor as int)) as bigint) as detractors
from sliced
inner join {{ ref('dim_period_days') }} as dim_period_days
    on sliced.answer_date = dim_period_days.date_day
group by
    dim_period_days.grain,
    dim_period_days.period_start,
    sliced.dimension,
    sliced.member
