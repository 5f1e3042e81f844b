-- Every contact, answer and review of a shop is in its fact once and counts once; calls
-- are answered or given up and not both; answers lie on their scale.
with impossible as (
    select
        'contact' as thing,
        contact_id as found_in,
        case
            when is_answered and is_abandoned then 'answered and given up'
            when is_within_service_level and not is_answered
                then 'in time and not answered'
            when is_handled and not is_counted then 'handled and not counted'
            when first_response_minutes < 0 then 'reply before the question'
            when kind = 'ticket' and is_answered <> (first_response_at is not null)
                then 'answered without a reply, or the other way round'
            when wait_seconds < 0 or talk_seconds < 0 then 'negative seconds'
        end as finding
    from {{ ref('fct_contacts') }}
    union all
    select
        'answer' as thing,
        answer_id as found_in,
        case
            when score < 0 or score > case when survey = 'nps' then 10 else 5 end
                then 'score off its scale'
            when is_promoter and is_detractor then 'promotes and detracts'
        end as finding
    from {{ ref('fct_survey_answers') }}
    union all
    select
        'review' as thing,
        review_id as found_in,
        case when stars < 1 or stars > 5 then 'no number of stars' end as finding
    from {{ ref('fct_reviews') }}
),

counts as (
    select
        'contacts' as thing,
        (select count(opened_at) from {{ ref('int_contacts') }}) as rows_in,
        (select count(*) from {{ ref('fct_contacts') }}) as rows_out
    union all
    select
        'counted contacts' as thing,
        (
            select count(*)
            from {{ ref('fct_contacts') }} as fct_contacts
            cross join {{ ref('int_as_of') }} as int_as_of
            where
                fct_contacts.is_counted
                and fct_contacts.contact_date between int_as_of.first_date
                and int_as_of.as_of_date
        ) as rows_in,
        (
            select coalesce(sum(contacts), 0)
            from {{ ref('rollup_contacts') }}
            where grain = 'year' and dimension = 'all'
        ) as rows_out
    union all
    select
        'answers' as thing,
        (select count(score) from {{ ref('int_survey_answers') }}) as rows_in,
        (select count(*) from {{ ref('fct_survey_answers') }}) as rows_out
    union all
    select
        'reviews' as thing,
        (select count(stars) from {{ ref('int_reviews') }}) as rows_in,
        (select count(*) from {{ ref('fct_reviews') }}) as rows_out
)

select
    thing,
    found_in,
    finding
from impossible
where finding is not null
union all
select
    thing,
    cast(rows_in as string) || ' became ' || cast(rows_out as string) as found_in,
    'lost or doubled' as finding
from counts
where rows_in <> rows_out
