-- What is told by day stands, a flat file's where the API tells nothing: such a day
-- needs no spreading.
with told as (
    select
        source_system,
        shop_id,
        search_date,
        query,
        clicks,
        impressions,
        position,
        1 as preference
    from {{ ref('stg_search_console__query_days') }}
    union all
    select
        source_system,
        shop_id,
        search_date,
        query,
        clicks,
        impressions,
        position,
        2 as preference
    from {{ ref('stg_flat__search_queries') }}
),

told_days as (
    select
        shop_id,
        search_date,
        min(preference) as preference
    from told
    group by shop_id, search_date
),

-- An export has no days of its own: it covers those of its chart.
ranges as (
    select
        export_id,
        count(*) as days,
        sum(clicks) as clicks,
        sum(impressions) as impressions
    from {{ ref('stg_search_console__days') }}
    group by export_id
),

exports as (
    select
        export_id,
        max(landed_at) as landed_at
    from {{ ref('stg_search_console__queries') }}
    group by export_id
),

-- Of the exports that cover a day, the one of the shortest range has it.
covered_days as (
    select
        days.shop_id,
        days.export_id,
        days.search_date,
        ranges.clicks as range_clicks,
        ranges.impressions as range_impressions,
        days.clicks as day_clicks,
        days.impressions as day_impressions,
        sum(days.clicks) over (
            partition by days.export_id
            order by days.search_date asc nulls last
            rows between unbounded preceding and current row
        ) as clicks_so_far,
        sum(days.impressions) over (
            partition by days.export_id
            order by days.search_date asc nulls last
            rows between unbounded preceding and current row
        ) as impressions_so_far,
        row_number() over (
            partition by days.shop_id, days.search_date
            order by
                ranges.days asc nulls last,
                exports.landed_at desc nulls last,
                days.export_id desc nulls last
        ) as preference
    from {{ ref('stg_search_console__days') }} as days
    inner join ranges on days.export_id = ranges.export_id
    inner join exports on days.export_id = exports.export_id
),

-- Each day gets its part of a query's clicks as of all clicks: what has come by its end
-- less what had come by its start, so that days are whole and add up.
spread as (
    select
        queries.source_system,
        queries.shop_id,
        covered_days.search_date,
        queries.query,
        {{ share_of_count('queries.clicks', 'covered_days.clicks_so_far',
                          'covered_days.day_clicks', 'covered_days.range_clicks') }}
            as clicks,
        {{ share_of_count('queries.impressions', 'covered_days.impressions_so_far',
                          'covered_days.day_impressions',
                          'covered_days.range_impressions') }} as impressions,
        queries.position
    from {{ ref('stg_search_console__queries') }} as queries
    inner join covered_days
        on queries.export_id = covered_days.export_id and covered_days.preference = 1
    left join told_days
        on
            covered_days.shop_id = told_days.shop_id
            and covered_days.search_date = told_days.search_date
    where told_days.search_date is null
)

select
    told.source_system,
    told.shop_id,
    told.search_date,
    told.query,
    cast(sum(told.clicks) as bigint) as clicks,
    cast(sum(told.impressions) as bigint) as impressions,
    -- Positions are means of impressions: this is what they are the mean of.
    sum(told.position * told.impressions) as position_impressions,
    false as is_spread
from told
inner join told_days
    on
        told.shop_id = told_days.shop_id
        and told.search_date = told_days.search_date
        and told.preference = told_days.preference
group by told.source_system, told.shop_id, told.search_date, told.query
union all
select
    source_system,
    shop_id,
    search_date,
    query,
    clicks,
    impressions,
    position * impressions as position_impressions,
    true as is_spread
from spread
where clicks > 0 or impressions > 0
