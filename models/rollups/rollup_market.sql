with offers as (
    select
        seen_date,
        shop_id,
        competitor,
        category,
        product_id,
        is_available,
        is_compared,
        competitor_price,
        own_price
    from {{ ref('fct_competitor_offers') }}
),

sliced_offers as (
    {{ slices('offers', {
        'shop': 'shop_id', 'competitor': 'competitor', 'category': 'category',
    }) }}
),

-- Each product counts once a day, with the mean of what its competitors ask.
offer_days as (
    select
        seen_date,
        dimension,
        member,
        product_id,
        count(*) as offers_seen,
        sum(cast(is_available as int)) as offers_in_stock,
        sum(cast(is_compared as int)) as compared_offers,
        cast(sum(case when is_compared then own_price end) as double)
        / nullif(sum(cast(is_compared as int)), 0) as own_price,
        cast(sum(case when is_compared then competitor_price end) as double)
        / nullif(sum(cast(is_compared as int)), 0) as competitor_price
    from sliced_offers
    group by seen_date, dimension, member, shop_id, product_id
),

offer_periods as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        offer_days.dimension,
        offer_days.member,
        sum(offer_days.offers_seen) as offers_seen,
        sum(offer_days.offers_in_stock) as offers_in_stock,
        count(offer_days.competitor_price) as compared_product_days,
        sum(offer_days.own_price) as own_prices,
        sum(offer_days.competitor_price) as competitor_prices
    from offer_days
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on offer_days.seen_date = dim_period_days.date_day
    group by
        dim_period_days.grain,
        dim_period_days.period_start,
        offer_days.dimension,
        offer_days.member
),

ranks as (
    select
        rank_date,
        shop_id,
        engine,
        keyword,
        category,
        is_found,
        position
    from {{ ref('fct_product_ranks') }}
),

sliced_ranks as (
    {{ slices('ranks', {
        'shop': 'shop_id', 'engine': 'engine', 'keyword': 'keyword',
        'category': 'category',
    }) }}
),

rank_periods as (
    select
        dim_period_days.grain,
        dim_period_days.period_start,
        sliced_ranks.dimension,
        sliced_ranks.member,
        count(*) as ranks_looked_up,
        sum(cast(sliced_ranks.is_found as int)) as ranks_found,
        percentile_cont(0.5) within group (order by sliced_ranks.position)
            as position_p50
    from sliced_ranks
    inner join {{ ref('dim_period_days') }} as dim_period_days
        on sliced_ranks.rank_date = dim_period_days.date_day
    group by
        dim_period_days.grain,
        dim_period_days.period_start,
        sliced_ranks.dimension,
        sliced_ranks.member
)

select
    coalesce(offer_periods.grain, rank_periods.grain) as grain,
    coalesce(offer_periods.period_start, rank_periods.period_start) as period_start,
    coalesce(offer_periods.dimension, rank_periods.dimension) as dimension,
    coalesce(offer_periods.member, rank_periods.member) as member,
    cast(offer_periods.offers_seen as bigint) as offers_seen,
    cast(offer_periods.offers_in_stock as bigint) as offers_in_stock,
    cast(offer_periods.compared_product_days as bigint) as compared_product_days,
    cast(offer_periods.own_prices as double) as own_prices,
    cast(offer_periods.competitor_prices as double) as competitor_prices,
    cast(rank_periods.ranks_looked_up as bigint) as ranks_looked_up,
    cast(rank_periods.ranks_found as bigint) as ranks_found,
    cast(rank_periods.position_p50 as double) as position_p50
from offer_periods
full outer join rank_periods
    on
        offer_periods.grain = rank_periods.grain
        and offer_periods.period_start = rank_periods.period_start
        and offer_periods.dimension = rank_periods.dimension
        and offer_periods.member = rank_periods.member
