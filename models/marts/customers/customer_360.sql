{{ config(materialized='table') }}

-- Whatever happens to a customer is brought to one row a customer before it meets the
-- rest: a join of orders and messages would multiply both.
with placed_orders as (
    select fct_orders.*
    from {{ ref('fct_orders') }} as fct_orders
    inner join {{ ref('dim_as_of') }} as dim_as_of
        on fct_orders.order_date <= dim_as_of.as_of_date
    where fct_orders.is_placed and fct_orders.customer_id is not null
),

order_totals as (
    select
        customer_id,
        min(order_date) as first_order_date,
        sum(units) as units,
        sum(sales) as sales,
        sum(returns) as returns,
        sum(gross_profit - (costed_returns - restocked_cogs)) as gross_profit,
        sum(case when has_return then 1 else 0 end) as returned_orders,
        count(distinct nullif(device, 'unknown')) as devices,
        max(customer_order_number) as last_order_number
    from placed_orders
    group by customer_id
),

last_orders as (
    select
        placed_orders.customer_id,
        placed_orders.channel_id,
        placed_orders.device
    from placed_orders
    inner join order_totals
        on
            placed_orders.customer_id = order_totals.customer_id
            and placed_orders.customer_order_number = order_totals.last_order_number
),

category_units as (
    select
        fct_order_lines.customer_id,
        fct_order_lines.category,
        row_number() over (
            partition by fct_order_lines.customer_id
            order by
                sum(fct_order_lines.quantity) desc nulls last,
                sum(fct_order_lines.sales) desc nulls last,
                fct_order_lines.category asc nulls last
        ) as preference
    from {{ ref('fct_order_lines') }} as fct_order_lines
    inner join {{ ref('dim_as_of') }} as dim_as_of
        on fct_order_lines.order_date <= dim_as_of.as_of_date
    where
        fct_order_lines.is_placed
        and fct_order_lines.is_merchandise
        and fct_order_lines.customer_id is not null
        and fct_order_lines.category is not null
    group by fct_order_lines.customer_id, fct_order_lines.category
),

messages as (
    select
        customer_id,
        count(*) as emails_sent,
        sum(
            case
                when opened_at is not null and not coalesce(is_machine_open, false)
                    then 1
                else 0
            end
        ) as emails_opened,
        sum(case when clicked_at is not null then 1 else 0 end) as emails_clicked,
        max(sent_date) as last_email_date
    from {{ ref('fct_messages') }} as fct_messages
    inner join {{ ref('dim_as_of') }} as dim_as_of
        on fct_messages.sent_date <= dim_as_of.as_of_date
    where channel = 'email' and customer_id is not null
    group by customer_id
),

contacts as (
    select
        customer_id,
        sum(case when kind = 'call' then 1 else 0 end) as calls,
        sum(case when kind = 'ticket' then 1 else 0 end) as tickets,
        sum(case when kind = 'ticket' and solved_at is null then 1 else 0 end)
            as open_tickets,
        max(contact_date) as last_contact_date
    from {{ ref('fct_contacts') }} as fct_contacts
    inner join {{ ref('dim_as_of') }} as dim_as_of
        on fct_contacts.contact_date <= dim_as_of.as_of_date
    where is_counted and customer_id is not null
    group by customer_id
),

newest_answers as (
    select
        customer_id,
        survey,
        score,
        row_number() over (
            partition by customer_id, survey
            order by answered_at desc nulls last, answer_id desc nulls last
        ) as newness
    from {{ ref('fct_survey_answers') }} as fct_survey_answers
    inner join {{ ref('dim_as_of') }} as dim_as_of
        on fct_survey_answers.answer_date <= dim_as_of.as_of_date
    where customer_id is not null
),

answers as (
    select
        customer_id,
        max(case when survey = 'csat' then score end) as last_csat_score,
        max(case when survey = 'nps' then score end) as last_nps_score
    from newest_answers
    where newness = 1
    group by customer_id
),

reviews as (
    select
        customer_id,
        count(*) as reviews,
        sum(stars) as stars
    from {{ ref('fct_reviews') }} as fct_reviews
    inner join {{ ref('dim_as_of') }} as dim_as_of
        on fct_reviews.review_date <= dim_as_of.as_of_date
    where is_counted and customer_id is not null
    group by customer_id
)

select
    customer_segments.customer_id,
    customer_segments.shop_id,
    customer_segments.country,
    customer_segments.channel_id as first_channel_id,
    last_orders.channel_id as last_channel_id,
    order_totals.first_order_date,
    customer_segments.last_order_date,
    customer_segments.days_since_last_order,
    customer_segments.orders,
    cast(order_totals.units as bigint) as units,
    cast(order_totals.sales as decimal(18, 4)) as sales,
    cast(order_totals.returns as decimal(18, 4)) as returns,
    customer_segments.net_sales,
    cast(order_totals.gross_profit as decimal(18, 4)) as gross_profit,
    cast(order_totals.returned_orders as bigint) as returned_orders,
    category_units.category as favourite_category,
    cast(order_totals.devices as bigint) as devices,
    last_orders.device as last_device,
    cast(coalesce(messages.emails_sent, 0) as bigint) as emails_sent,
    cast(coalesce(messages.emails_opened, 0) as bigint) as emails_opened,
    cast(coalesce(messages.emails_clicked, 0) as bigint) as emails_clicked,
    messages.last_email_date,
    cast(coalesce(contacts.calls, 0) as bigint) as calls,
    cast(coalesce(contacts.tickets, 0) as bigint) as tickets,
    cast(coalesce(contacts.open_tickets, 0) as bigint) as open_tickets,
    contacts.last_contact_date,
    cast(answers.last_csat_score as double) as last_csat_score,
    cast(answers.last_nps_score as double) as last_nps_score,
    cast(coalesce(reviews.reviews, 0) as bigint) as reviews,
    cast(reviews.stars as double) / nullif(reviews.reviews, 0) as review_stars,
    customer_segments.segment,
    customer_segments.recency_score,
    customer_segments.frequency_score,
    customer_segments.monetary_score,
    fct_customer_predictions.probability_alive,
    fct_customer_predictions.expected_orders,
    fct_customer_predictions.predicted_value
from {{ ref('customer_segments') }} as customer_segments
inner join order_totals
    on customer_segments.customer_id = order_totals.customer_id
left join last_orders
    on customer_segments.customer_id = last_orders.customer_id
left join category_units
    on
        customer_segments.customer_id = category_units.customer_id
        and category_units.preference = 1
left join messages
    on customer_segments.customer_id = messages.customer_id
left join contacts
    on customer_segments.customer_id = contacts.customer_id
left join answers
    on customer_segments.customer_id = answers.customer_id
left join reviews
    on customer_segments.customer_id = reviews.customer_id
left join {{ ref('fct_customer_predictions') }} as fct_customer_predictions
    on customer_segments.customer_id = fct_customer_predictions.customer_id
