with answers as (
    select
        answer_id,
        shop_id,
        customer_id,
        answered_at,
        answer_date,
        case
            when is_promoter then 'promoter'
            when is_detractor then 'detractor'
            else 'passive'
        end as answer_group
    from {{ ref('fct_survey_answers') }}
    where survey = 'nps'
),

orders_after as (
    select
        answers.answer_id,
        count(*) as orders,
        sum(fct_orders.sales) as sales,
        min(fct_orders.order_date) as next_order_date
    from answers
    inner join {{ ref('fct_orders') }} as fct_orders
        on
            answers.customer_id = fct_orders.customer_id
            and answers.answered_at < fct_orders.ordered_at
    where fct_orders.is_placed
    group by answers.answer_id
),

sliced as (
    {{ slices('answers', {'shop': 'shop_id'}) }}
),

-- Who answers twice in a period means what was said last.
ranked as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        sliced.dimension,
        sliced.member,
        sliced.answer_group,
        sliced.customer_id,
        cast(
            sliced.answer_date + interval '{{ var("advocate_days") }}' day as date
        ) as settles_on,
        orders_after.orders,
        orders_after.sales,
        orders_after.next_order_date,
        row_number() over (
            partition by
                dim_period_days.grain,
                dim_period_days.period_start,
                sliced.dimension,
                sliced.member,
                coalesce(sliced.customer_id, sliced.answer_id)
            order by sliced.answered_at desc nulls last, sliced.answer_id asc nulls last
        ) as recency
    from sliced
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on
            sliced.answer_date = dim_period_days.date_day
            and dim_period_days.grain in ('month', 'quarter', 'year')
    left join orders_after
        on sliced.answer_id = orders_after.answer_id
),

people as (
    select
        ranked.*,
        ranked.customer_id is not null and ranked.settles_on <= dim_as_of.as_of_date
            as is_settled,
        ranked.next_order_date is not null as bought_again,
        coalesce(ranked.next_order_date <= ranked.settles_on, false) as bought_in_time
    from ranked
    cross join {{ ref('dim_as_of') }} as dim_as_of
    where ranked.recency = 1
)

select
    grain,
    period_start,
    dimension,
    member,
    answer_group,
    cast(count(*) as bigint) as answers,
    cast(count(customer_id) as bigint) as customers,
    cast(sum(cast(bought_again as int)) as bigint) as buyers_again,
    cast(sum(cast(is_settled as int)) as bigint) as settled_customers,
    cast(sum(cast(is_settled and bought_in_time as int)) as bigint)
        as settled_buyers_again,
    cast(sum(cast(is_settled and bought_in_time as int)) as double)
    / nullif(sum(cast(is_settled as int)), 0) as settled_buyers_again_share,
    cast(coalesce(sum(orders), 0) as bigint) as orders_after,
    cast(coalesce(sum(sales), 0) as decimal(18, 4)) as sales_after
from people
group by grain, period_start, dimension, member, answer_group
