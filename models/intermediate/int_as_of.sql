{{ config(meta={'tracked': ['as_of', 'as_of_date']}) }}

-- A day's date needs the shop's clock: only the first and the last moment of a shop do.
with shop_moments as (
    select
        shop_id,
        min(ordered_at) as first_moment,
        max(ordered_at) as last_moment
    from {{ ref('int_orders') }}
    group by shop_id
    union all
    select
        shop_id,
        min(started_at) as first_moment,
        max(started_at) as last_moment
    from {{ ref('int_sessions') }}
    group by shop_id
    union all
    select
        shop_id,
        min(event_at) as first_moment,
        max(event_at) as last_moment
    from {{ ref('int_message_events') }}
    group by shop_id
    union all
    select
        shop_id,
        min(sent_at) as first_moment,
        max(sent_at) as last_moment
    from {{ ref('int_email_campaigns') }}
    where sent > 0
    group by shop_id
    union all
    select
        shop_id,
        min(moved_at) as first_moment,
        max(moved_at) as last_moment
    from {{ ref('stg_flat__stock_movements') }}
    group by shop_id
    union all
    select
        shop_id,
        min(opened_at) as first_moment,
        max(opened_at) as last_moment
    from {{ ref('int_contacts') }}
    group by shop_id
    union all
    select
        shop_id,
        min(answered_at) as first_moment,
        max(answered_at) as last_moment
    from {{ ref('int_survey_answers') }}
    group by shop_id
    union all
    select
        shop_id,
        min(reviewed_at) as first_moment,
        max(reviewed_at) as last_moment
    from {{ ref('int_reviews') }}
    group by shop_id
    union all
    select
        shop_id,
        min(assigned_at) as first_moment,
        max(assigned_at) as last_moment
    from {{ ref('int_experiment_units') }}
    group by shop_id
    union all
    select
        shop_id,
        min(coalesce(confirmed_at, packed_at, dispatched_at, delivered_at))
            as first_moment,
        max(coalesce(
            returned_to_stock_at, refused_at, delivered_at, dispatched_at, packed_at,
            confirmed_at
        )) as last_moment
    from {{ ref('int_parcels') }}
    group by shop_id
    union all
    select
        shop_id,
        min(seen_at) as first_moment,
        max(seen_at) as last_moment
    from {{ ref('stg_flat__competitor_offers') }}
    group by shop_id
    union all
    select
        shop_id,
        min(checked_at) as first_moment,
        max(checked_at) as last_moment
    from {{ ref('int_uptime_checks') }}
    group by shop_id
    union all
    select
        shop_id,
        min(loaded_at) as first_moment,
        max(loaded_at) as last_moment
    from {{ ref('int_page_loads') }}
    group by shop_id
    union all
    select
        shop_id,
        min(clicked_at) as first_moment,
        max(clicked_at) as last_moment
    from {{ ref('int_element_clicks') }}
    group by shop_id
),

moments as (
    select
        cast({{ to_local('shop_moments.first_moment', 'int_shops.time_zone') }} as date)
            as first_date,
        cast({{ to_local('shop_moments.last_moment', 'int_shops.time_zone') }} as date)
            as last_date,
        shop_moments.last_moment
    from shop_moments
    inner join {{ ref('int_shops') }} as int_shops
        on shop_moments.shop_id = int_shops.shop_id
    union all
    select
        min(ad_date) as first_date,
        max(ad_date) as last_date,
        max(cast(ad_date as timestamp)) as last_moment
    from {{ ref('int_ad_days') }}
    union all
    select
        min(search_date) as first_date,
        max(search_date) as last_date,
        max(cast(search_date as timestamp)) as last_moment
    from {{ ref('int_search_days') }}
    union all
    select
        min(rank_date) as first_date,
        max(rank_date) as last_date,
        max(cast(rank_date as timestamp)) as last_moment
    from {{ ref('int_product_ranks') }}
    union all
    select
        min(stock_date) as first_date,
        max(stock_date) as last_date,
        max(cast(stock_date as timestamp)) as last_moment
    from {{ ref('int_stock_levels') }}
    union all
    select
        min(work_date) as first_date,
        max(work_date) as last_date,
        max(cast(work_date as timestamp)) as last_moment
    from {{ ref('int_staff_days') }}
)

select
    -- The variable wins; without it, the newest moment in the data.
    coalesce(
        try_cast('{{ var("as_of") or "" }}' as timestamp), max(last_moment)
    ) as as_of,
    coalesce(
        try_cast('{{ var("as_of") or "" }}' as date), max(last_date)
    ) as as_of_date,
    min(first_date) as first_date
from moments
