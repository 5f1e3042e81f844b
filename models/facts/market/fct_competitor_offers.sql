with priced as (
    select
        int_competitor_offers.source_system,
        int_competitor_offers.shop_id,
        int_competitor_offers.offer_id,
        int_competitor_offers.seen_at,
        int_competitor_offers.seen_date,
        int_competitor_offers.product_id,
        int_products.category,
        int_competitor_offers.competitor,
        int_competitor_offers.is_matched,
        int_competitor_offers.is_available,
        cast(
            round(int_competitor_offers.price * rates.rate * 10000) / 10000
            as decimal(18, 4)
        )
            as competitor_price,
        cast(round(
            int_competitor_offers.own_price * own_rates.rate * 10000
        ) / 10000 as decimal(18, 4)) as own_price,
        -- Who is looked at every hour has no more weight than who is looked at daily.
        row_number() over (
            partition by
                int_competitor_offers.product_id,
                int_competitor_offers.shop_id,
                int_competitor_offers.competitor,
                int_competitor_offers.seen_date
            order by
                int_competitor_offers.seen_at desc nulls last,
                int_competitor_offers.offer_id asc nulls last
        ) = 1 as is_last_of_day
    from {{ ref('int_competitor_offers') }} as int_competitor_offers
    left join {{ ref('int_products') }} as int_products
        on int_competitor_offers.product_id = int_products.product_id
    left join {{ ref('int_fx_rates') }} as rates
        on
            int_competitor_offers.currency = rates.currency
            and int_competitor_offers.seen_date between rates.valid_from
            and rates.valid_to
    left join {{ ref('int_fx_rates') }} as own_rates
        on
            int_competitor_offers.own_currency = own_rates.currency
            and int_competitor_offers.seen_date between own_rates.valid_from
            and own_rates.valid_to
)

select
    offer_id,
    shop_id,
    source_system,
    seen_at,
    seen_date,
    product_id,
    category,
    competitor,
    is_available,
    competitor_price,
    own_price,
    is_matched,
    is_last_of_day
    and is_matched
    and is_available
    and coalesce(competitor_price > 0 and own_price > 0, false) as is_compared
from priced
