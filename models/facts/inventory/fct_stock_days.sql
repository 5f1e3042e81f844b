-- What came later on the day of a count is added to it: a count is a day's closing.
with day_counts as (
    select
        int_stock_levels.shop_id,
        int_stock_levels.product_id,
        int_stock_levels.system,
        int_stock_levels.stock_date,
        int_stock_levels.on_hand + coalesce(sum(int_stock_movements.quantity), 0)
            as on_hand,
        int_stock_levels.incoming
    from {{ ref('int_stock_levels') }} as int_stock_levels
    left join {{ ref('int_stock_movements') }} as int_stock_movements
        on
            int_stock_levels.product_id = int_stock_movements.product_id
            and int_stock_levels.stock_date = int_stock_movements.movement_date
            and int_stock_movements.moved_at > int_stock_levels.counted_at
    group by
        int_stock_levels.shop_id,
        int_stock_levels.product_id,
        int_stock_levels.system,
        int_stock_levels.stock_date,
        int_stock_levels.on_hand,
        int_stock_levels.incoming
),

-- The shop's own counts lead; where it has none at all, those of the ERP.
led_counts as (
    select
        shop_id,
        product_id,
        stock_date,
        system,
        on_hand,
        incoming,
        system = max(system) over (partition by shop_id) as is_leading
    from day_counts
),

counts as (
    select
        shop_id,
        product_id,
        stock_date,
        max(case when is_leading then on_hand end) as counted_units,
        max(case when system = 'shop' then on_hand end) as shop_on_hand,
        max(case when system = 'erp' then on_hand end) as erp_on_hand,
        max(case when is_leading then incoming end) as incoming_units
    from led_counts
    group by shop_id, product_id, stock_date
),

movements as (
    select
        shop_id,
        product_id,
        movement_date,
        sum(quantity) as moved_units,
        sum(case when kind <> 'sale' and quantity > 0 then quantity else 0 end)
            as received_units,
        max(case when is_booked then 1 else 0 end) as has_booked
    from {{ ref('int_stock_movements') }}
    group by shop_id, product_id, movement_date
),

known_days as (
    select
        counts.shop_id,
        counts.product_id,
        counts.stock_date as known_date,
        1 as is_opening,
        1 as is_count
    from counts
    where counts.counted_units is not null
    union all
    select
        movements.shop_id,
        movements.product_id,
        movements.movement_date as known_date,
        movements.has_booked as is_opening,
        0 as is_count
    from movements
),

seen_days as (
    select
        known_days.shop_id,
        known_days.product_id,
        known_days.known_date,
        known_days.is_opening,
        known_days.is_count,
        int_as_of.as_of_date,
        max(known_days.known_date) over (partition by known_days.shop_id)
            as shop_last_date,
        max(case when known_days.is_count = 1 then known_days.known_date end)
            over (partition by known_days.shop_id) as shop_last_count
    from known_days
    cross join {{ ref('int_as_of') }} as int_as_of
    where known_days.known_date <= int_as_of.as_of_date
),

-- Sales taken from orders open no books: without a count nobody knows from what.
spans as (
    select
        shop_id,
        product_id,
        min(case when is_opening = 1 then known_date end) as first_date,
        case
            -- A product that is counted no more has left the range.
            when
                max(case when is_count = 1 then known_date end)
                < max(shop_last_count)
                - interval '{{ var("stock_max_age_days") }}' day
                then max(known_date)
            else cast(least(
                max(as_of_date),
                max(shop_last_date)
                + interval '{{ var("stock_max_age_days") }}' day
            ) as date)
        end as last_date
    from seen_days
    group by shop_id, product_id
    having max(is_opening) = 1
),

shops as (
    select
        shop_id,
        min(first_date) as shop_first_date
    from spans
    group by shop_id
),

placed_lines as (
    select
        fct_order_lines.product_id,
        fct_order_lines.order_date,
        fct_order_lines.quantity,
        fct_order_lines.cogs,
        coalesce(sum(fct_order_lines.quantity) over (
            partition by fct_order_lines.product_id, fct_order_lines.order_date
            order by
                fct_orders.ordered_at nulls last,
                fct_order_lines.order_line_id nulls last
            rows between unbounded preceding and 1 preceding
        ), 0) as earlier_units
    from {{ ref('fct_order_lines') }} as fct_order_lines
    inner join {{ ref('fct_orders') }} as fct_orders
        on fct_order_lines.order_id = fct_orders.order_id
    where
        fct_order_lines.is_placed
        and fct_order_lines.is_merchandise
        and fct_order_lines.quantity > 0
        and fct_order_lines.product_id is not null
),

-- The days on which something happens to a product: a count, a movement, a sale.
happenings as (
    select
        product_id,
        stock_date as event_date,
        counted_units,
        shop_on_hand,
        erp_on_hand,
        incoming_units,
        0 as moved_units,
        0 as received_units
    from counts
    union all
    select
        product_id,
        movement_date as event_date,
        null as counted_units,
        null as shop_on_hand,
        null as erp_on_hand,
        null as incoming_units,
        moved_units,
        received_units
    from movements
    union all
    select
        product_id,
        order_date as event_date,
        null as counted_units,
        null as shop_on_hand,
        null as erp_on_hand,
        null as incoming_units,
        0 as moved_units,
        0 as received_units
    from placed_lines
),

events as (
    select
        happenings.product_id,
        happenings.event_date,
        max(happenings.counted_units) as counted_units,
        max(happenings.shop_on_hand) as shop_on_hand,
        max(happenings.erp_on_hand) as erp_on_hand,
        max(happenings.incoming_units) as incoming_units,
        sum(happenings.moved_units) as moved_units,
        sum(happenings.received_units) as received_units
    from happenings
    inner join spans
        on
            happenings.product_id = spans.product_id
            and happenings.event_date between spans.first_date and spans.last_date
    group by happenings.product_id, happenings.event_date
),

stretches as (
    select
        *,
        count(counted_units) over (
            partition by product_id order by event_date nulls last
            rows between unbounded preceding and current row
        ) as stretch
    from events
),

-- Each count begins a stretch that movements carry on.
closings as (
    select
        *,
        sum(coalesce(counted_units, moved_units)) over (
            partition by product_id, stretch order by event_date nulls last
            rows between unbounded preceding and current row
        ) as on_hand
    from stretches
),

followed as (
    select
        *,
        lag(on_hand) over (partition by product_id order by event_date nulls last)
            as previous_on_hand
    from closings
),

openings as (
    select
        *,
        -- The first count opens the books; before it, nothing was there.
        coalesce(previous_on_hand, counted_units - moved_units, 0) as opening_units
    from followed
),

line_days as (
    select
        placed_lines.product_id,
        placed_lines.order_date,
        count(*) as order_lines,
        sum(cast(
            openings.opening_units + openings.received_units
            - placed_lines.earlier_units < placed_lines.quantity
            as int
        )) as oversold_lines,
        sum(placed_lines.quantity) as units_sold,
        sum(placed_lines.cogs) as cogs
    from placed_lines
    inner join openings
        on
            placed_lines.product_id = openings.product_id
            and placed_lines.order_date = openings.event_date
    group by placed_lines.product_id, placed_lines.order_date
),

told as (
    select
        openings.*,
        line_days.order_lines,
        line_days.oversold_lines,
        line_days.units_sold,
        line_days.cogs,
        openings.on_hand - coalesce(openings.previous_on_hand, 0) as change,
        case when line_days.units_sold > 0 then openings.event_date end as sold_date,
        case
            when
                openings.opening_units > 0
                or openings.on_hand > 0
                or openings.received_units > 0
                or line_days.units_sold > 0
                then openings.event_date
        end as alive_date
    from openings
    left join line_days
        on
            openings.product_id = line_days.product_id
            and openings.event_date = line_days.order_date
),

-- All that days carry on from earlier ones, in one sort.
days as (
    select
        spans.product_id,
        dim_dates.date_day as stock_date,
        told.opening_units,
        told.received_units,
        told.moved_units,
        told.shop_on_hand,
        told.erp_on_hand,
        told.incoming_units,
        told.order_lines,
        told.oversold_lines,
        told.units_sold,
        told.cogs,
        sum(coalesce(told.change, 0)) over (
            partition by spans.product_id order by dim_dates.date_day nulls last
            rows between unbounded preceding and current row
        ) as on_hand,
        sum(coalesce(told.units_sold, 0)) over (
            partition by spans.product_id order by dim_dates.date_day nulls last
            rows between 27 preceding and current row
        ) as units_sold_28_days,
        max(told.sold_date) over (
            partition by spans.product_id order by dim_dates.date_day nulls last
            rows between unbounded preceding and current row
        ) as sold_date,
        max(told.alive_date) over (
            partition by spans.product_id order by dim_dates.date_day nulls last
            rows between unbounded preceding and current row
        ) as alive_date
    from spans
    inner join {{ ref('dim_dates') }} as dim_dates
        on dim_dates.date_day between spans.first_date and spans.last_date
    left join told
        on
            spans.product_id = told.product_id
            and dim_dates.date_day = told.event_date
),

restocked as (
    select
        product_id,
        return_date,
        sum(restocked_cogs) as restocked_cogs
    from {{ ref('fct_returns') }}
    where is_placed and product_id is not null
    group by product_id, return_date
),

sold_before as (
    select
        spans.product_id,
        max(placed_lines.order_date) as last_sold_date
    from spans
    inner join placed_lines
        on
            spans.product_id = placed_lines.product_id
            and placed_lines.order_date < spans.first_date
    group by spans.product_id
),

day_rates as (
    select
        int_fx_rates.currency,
        dim_dates.date_day,
        int_fx_rates.rate
    from {{ ref('dim_dates') }} as dim_dates
    inner join {{ ref('int_fx_rates') }} as int_fx_rates
        on dim_dates.date_day between int_fx_rates.valid_from and int_fx_rates.valid_to
),

valued as (
    select
        spans.shop_id,
        days.product_id,
        dim_products.category,
        coalesce(dim_products.is_gift_card, false) as is_gift_card,
        days.stock_date,
        spans.first_date,
        shops.shop_first_date,
        coalesce(days.opening_units, days.on_hand) as opening_units,
        coalesce(days.received_units, 0) as received_units,
        coalesce(days.moved_units, 0) as moved_units,
        days.on_hand,
        days.shop_on_hand,
        days.erp_on_hand,
        days.incoming_units,
        cast(
            round(int_product_costs.unit_cost * day_rates.rate * 10000) / 10000
            as decimal(18, 4)
        )
            as unit_cost,
        coalesce(days.order_lines, 0) as order_lines,
        coalesce(days.oversold_lines, 0) as oversold_lines,
        coalesce(days.units_sold, 0) as units_sold,
        coalesce(days.cogs, 0) - coalesce(restocked.restocked_cogs, 0) as cogs,
        days.units_sold_28_days,
        coalesce(days.sold_date, sold_before.last_sold_date) as last_sold_date,
        -- Stock runs out on a day that something happens to it.
        case when days.on_hand > 0 then days.stock_date else days.alive_date end
            as last_alive_date
    from days
    inner join spans
        on days.product_id = spans.product_id
    inner join shops
        on spans.shop_id = shops.shop_id
    left join {{ ref('dim_products') }} as dim_products
        on days.product_id = dim_products.product_id
    left join restocked
        on
            days.product_id = restocked.product_id
            and days.stock_date = restocked.return_date
    left join sold_before
        on days.product_id = sold_before.product_id
    left join {{ ref('int_product_costs') }} as int_product_costs
        on
            days.product_id = int_product_costs.product_id
            and days.stock_date >= int_product_costs.valid_from
            and days.stock_date <= int_product_costs.valid_to
    left join day_rates
        on
            int_product_costs.currency = day_rates.currency
            and days.stock_date = day_rates.date_day
),

aged as (
    select
        valued.*,
        {{ datediff('valued.shop_first_date', 'valued.stock_date', 'day') }}
            as shop_age_days,
        {{ datediff('coalesce(valued.last_sold_date, valued.first_date)',
                    'valued.stock_date', 'day') }} as unsold_days,
        {{ datediff('valued.last_alive_date', 'valued.stock_date', 'day') }}
            as lifeless_days
    from valued
)

select
    shop_id,
    product_id,
    category,
    stock_date,
    cast(opening_units as bigint) as opening_units,
    cast(received_units as bigint) as received_units,
    cast(moved_units as bigint) as moved_units,
    cast(on_hand - opening_units - moved_units as bigint) as adjusted_units,
    cast(on_hand as bigint) as on_hand,
    cast(shop_on_hand as bigint) as shop_on_hand,
    cast(erp_on_hand as bigint) as erp_on_hand,
    cast(incoming_units as bigint) as incoming_units,
    -- Only what both systems counted on one day can be compared.
    shop_on_hand = erp_on_hand as is_erp_equal,
    unit_cost,
    -- Pieces that are owed are no stock, and no negative stock either.
    cast(greatest(on_hand, 0) * unit_cost as decimal(18, 4)) as stock_value,
    cast(units_sold as bigint) as units_sold,
    -- The first weeks of the books do not hold 28 days of sales.
    cast(case when shop_age_days >= 27 then units_sold_28_days end as bigint)
        as units_sold_28_days,
    cast(case when unit_cost is not null then cogs end as decimal(18, 4)) as cogs,
    cast(order_lines as bigint) as order_lines,
    cast(oversold_lines as bigint) as oversold_lines,
    last_sold_date,
    cast(unsold_days as bigint) as unsold_days,
    not is_gift_card
    and coalesce(lifeless_days <= {{ var('slow_moving_days') }}, false) as is_active,
    on_hand > 0 as is_in_stock,
    case
        when shop_age_days >= {{ var('slow_moving_days') }}
            then unsold_days >= {{ var('slow_moving_days') }}
    end as is_slow_moving
from aged
