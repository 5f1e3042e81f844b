{#- The steps of seeds/reconciliation_steps.csv. Each is the exact difference that one
    rule makes after those before it, booked on the day that the platform counts it. -#}

-- A row of the shop's own is the later word on how its account is set up.
with ranked_accounts as (
    select
        platform_accounts.platform,
        int_shops.shop_id,
        coalesce(platform_accounts.time_zone, int_shops.time_zone) as time_zone,
        platform_accounts.click_window_days,
        row_number() over (
            partition by platform_accounts.platform, int_shops.shop_id
            order by
                case when platform_accounts.shop_id = '*' then 1 else 0 end nulls last
        ) as preference
    from {{ ref('int_shops') }} as int_shops
    inner join {{ ref('platform_accounts') }} as platform_accounts
        on
            int_shops.shop_id = platform_accounts.shop_id
            or platform_accounts.shop_id = '*'
),

accounts as (
    select
        platform,
        shop_id,
        time_zone,
        click_window_days
    from ranked_accounts
    where preference = 1
),

shop_platforms as (
    select
        shop_id,
        min(source_system) as platform
    from {{ ref('int_orders') }}
    group by shop_id
    having count(distinct source_system) = 1
),

verdicts as (
    select
        int_order_rules.order_id,
        max(case
            when int_order_rules.rule in ('voided', 'cancelled_before_payment') then 1
            else 0
        end) as is_called_off,
        max(case
            when int_order_rules.rule in ('voided', 'cancelled_before_payment') then 0
            when order_policy.shopify = 'out' then 1
            else 0
        end) as is_out_of_shopify,
        max(case when order_policy.woocommerce = 'out' then 1 else 0 end)
            as is_out_of_woocommerce
    from {{ ref('int_order_rules') }} as int_order_rules
    inner join {{ ref('order_policy') }} as order_policy
        on int_order_rules.rule = order_policy.rule
    group by int_order_rules.order_id
),

gift_cards as (
    select
        order_id,
        sum(quantity * unit_price) as price,
        sum(sales) as counted_sales
    from {{ ref('int_order_line_amounts') }}
    where is_gift_card
    group by order_id
),

-- Amounts as booked: in the shop's currency. Where prices include tax, the export tells
-- only the tax of the whole order; gift cards bear none, so the goods bear all of it.
priced_orders as (
    select
        int_orders.order_id,
        int_orders.shop_id,
        shop_platforms.platform,
        int_orders.ordered_at,
        int_order_terms.order_date,
        cast(
            {{ to_local('int_orders.cancelled_at', 'int_shops.time_zone') }} as date
        ) as cancelled_date,
        cast(int_order_policy.is_placed as int) as placed,
        coalesce(verdicts.is_called_off, 0) as called_off,
        case
            when shop_platforms.platform = 'shopify'
                then
                    1 - greatest(
                        coalesce(verdicts.is_out_of_shopify, 0),
                        coalesce(verdicts.is_called_off, 0)
                    )
            when shop_platforms.platform = 'woocommerce'
                then 1 - coalesce(verdicts.is_out_of_woocommerce, 0)
        end as kept,
        case
            when shop_platforms.platform = 'shopify'
                then
                    (1 - coalesce(verdicts.is_out_of_shopify, 0))
                    * coalesce(verdicts.is_called_off, 0)
            else 0
        end as reversed,
        int_order_amounts.sales,
        int_order_terms.fx_rate,
        int_order_amounts.sales / nullif(int_order_terms.fx_rate, 0) as own_sales,
        (
            int_order_amounts.sales - coalesce(gift_cards.counted_sales, 0)
        ) / nullif(int_order_terms.fx_rate, 0) as own_goods,
        int_order_amounts.shipping / nullif(int_order_terms.fx_rate, 0)
            as own_shipping,
        int_order_amounts.tax / nullif(int_order_terms.fx_rate, 0) as tax,
        int_order_amounts.charged_total / nullif(int_order_terms.fx_rate, 0)
            as charged,
        coalesce(
            gift_cards.price
            / nullif(int_order_terms.fx_rate * int_order_terms.tax_factor, 0),
            0
        ) as gift_cards,
        int_order_terms.tax_factor,
        int_order_terms.subtotal_amount + int_order_terms.shipping_amount as taxed
    from {{ ref('int_orders') }} as int_orders
    inner join {{ ref('int_shops') }} as int_shops
        on int_orders.shop_id = int_shops.shop_id
    inner join {{ ref('int_order_terms') }} as int_order_terms
        on int_orders.order_id = int_order_terms.order_id
    inner join {{ ref('int_order_amounts') }} as int_order_amounts
        on int_orders.order_id = int_order_amounts.order_id
    inner join {{ ref('int_order_policy') }} as int_order_policy
        on int_orders.order_id = int_order_policy.order_id
    left join shop_platforms
        on int_orders.shop_id = shop_platforms.shop_id
    left join verdicts
        on int_orders.order_id = verdicts.order_id
    left join gift_cards
        on int_orders.order_id = gift_cards.order_id
),

rescaled_orders as (
    select
        *,
        case
            when gift_cards = 0 then cast(1 as double)
            else
                coalesce(
                    1 - (1 - tax_factor) * taxed / nullif(taxed - gift_cards, 0), 1
                ) / nullif(tax_factor, 0)
        end as tax_scale
    from priced_orders
),

booked_orders as (
    select
        order_id,
        shop_id,
        platform,
        ordered_at,
        order_date,
        coalesce(cancelled_date, order_date) as cancelled_date,
        placed,
        kept,
        reversed,
        kept - placed as newly_kept,
        sales,
        own_sales,
        own_goods * tax_scale as goods,
        own_shipping * tax_scale as shipping,
        tax,
        gift_cards,
        charged,
        fx_rate
    from rescaled_orders
),

shopify_orders as (
    select *
    from booked_orders
    where platform = 'shopify'
),

woocommerce_orders as (
    select *
    from booked_orders
    where platform = 'woocommerce'
),

refund_payments as (
    select
        int_payments.order_id,
        max(cast(
            {{ to_local('int_payments.attempted_at', 'int_shops.time_zone') }} as date
        )) as paid_date
    from {{ ref('int_payments') }} as int_payments
    inner join {{ ref('int_shops') }} as int_shops
        on int_payments.shop_id = int_shops.shop_id
    where int_payments.kind = 'refund' and int_payments.status = 'success'
    group by int_payments.order_id
),

booked_returns as (
    select
        int_return_amounts.shop_id,
        booked_orders.platform,
        cast(int_return_amounts.refunded_at_local as date) as return_date,
        case
            when int_return_amounts.is_date_estimated
                then
                    coalesce(
                        refund_payments.paid_date,
                        cast(int_return_amounts.refunded_at_local as date)
                    )
            else cast(int_return_amounts.refunded_at_local as date)
        end as paid_date,
        booked_orders.placed,
        booked_orders.kept,
        booked_orders.newly_kept,
        int_return_amounts.returns,
        int_return_amounts.returns / nullif(booked_orders.fx_rate, 0) as own_returns,
        int_return_amounts.returned_shipping / nullif(booked_orders.fx_rate, 0)
            as shipping,
        int_return_amounts.returned_tax / nullif(booked_orders.fx_rate, 0) as tax
    from {{ ref('int_return_amounts') }} as int_return_amounts
    inner join booked_orders
        on int_return_amounts.order_id = booked_orders.order_id
    left join refund_payments
        on int_return_amounts.order_id = refund_payments.order_id
    cross join {{ ref('dim_as_of') }} as dim_as_of
    where
        cast(int_return_amounts.refunded_at_local as date) <= dim_as_of.as_of_date
),

shopify_returns as (
    select *
    from booked_returns
    where platform = 'shopify'
),

woocommerce_returns as (
    select *
    from booked_returns
    where platform = 'woocommerce'
),

-- Between the first and the last day of a report, a day that it leaves out is zero.
report_ranges as (
    select
        shop_id,
        min(report_date) as first_date,
        max(report_date) as last_date
    from {{ ref('int_woocommerce_report_days') }}
    group by shop_id
),

reported_sales as (
    select
        report_ranges.shop_id,
        dim_dates.date_day,
        coalesce(report_days.net_revenue, 0) as net_revenue,
        coalesce(report_days.orders, 0) as orders
    from report_ranges
    inner join {{ ref('dim_dates') }} as dim_dates
        on
            dim_dates.date_day
            between report_ranges.first_date and report_ranges.last_date
    left join {{ ref('int_woocommerce_report_days') }} as report_days
        on
            report_ranges.shop_id = report_days.shop_id
            and dim_dates.date_day = report_days.report_date
),

measured_shops as (
    select shop_id
    from {{ ref('fct_sessions') }}
    where source_system = 'ga4'
    union
    select shop_id
    from {{ ref('fct_traffic_days') }}
    where source_system = 'ga4'
),

sent_purchases as (
    select
        int_events.session_id,
        int_events.event_id,
        int_events.value,
        cast({{ to_local('int_events.event_at', 'accounts.time_zone') }} as date)
            as sent_day
    from {{ ref('int_events') }} as int_events
    inner join accounts
        on int_events.shop_id = accounts.shop_id and accounts.platform = 'ga4'
    where int_events.event_name = 'purchase'
),

first_sent as (
    select distinct session_id
    from {{ ref('int_purchases') }}
    where event_id is not null and session_id is not null
),

sent_sessions as (
    select
        session_id,
        min(sent_day) as first_sent_day,
        max(sent_day) as last_sent_day
    from sent_purchases
    where session_id is not null
    group by session_id
),

-- Time zones move by the hour: to convert hours is a tenth of the work of moments.
hours as (
    select
        started.shop_id,
        started.hour_start,
        {{ to_local('started.hour_start', 'accounts.time_zone') }} as local_hour
    from (
        select distinct
            fct_sessions.shop_id,
            cast(date_trunc('hour', fct_sessions.started_at) as timestamp)
                as hour_start
        from {{ ref('fct_sessions') }} as fct_sessions
        inner join measured_shops
            on fct_sessions.shop_id = measured_shops.shop_id
    ) as started
    inner join accounts
        on started.shop_id = accounts.shop_id and accounts.platform = 'ga4'
),

sessions as (
    select
        fct_sessions.session_id,
        fct_sessions.shop_id,
        fct_sessions.session_date,
        cast(
            hours.local_hour + cast(
                floor({{ seconds_between(
                    'hours.hour_start', 'int_sessions.started_at'
                ) }}) as bigint
            ) * interval '1' second as date
        ) as start_day,
        cast(
            hours.local_hour + cast(
                floor({{ seconds_between(
                    'hours.hour_start', 'int_sessions.ended_at'
                ) }}) as bigint
            ) * interval '1' second as date
        ) as end_day,
        case when fct_sessions.is_counted then 1 else 0 end as counted,
        case when fct_sessions.is_bot then 1 else 0 end as bot,
        cast(fct_sessions.has_purchase as int) as bought,
        case when first_sent.session_id is null then 0 else 1 end as first_sent,
        case when sent_sessions.session_id is null then 0 else 1 end as sent,
        sent_sessions.first_sent_day,
        sent_sessions.last_sent_day
    from {{ ref('fct_sessions') }} as fct_sessions
    inner join {{ ref('int_sessions') }} as int_sessions
        on fct_sessions.session_id = int_sessions.session_id
    inner join hours
        on
            fct_sessions.shop_id = hours.shop_id
            and cast(date_trunc('hour', fct_sessions.started_at) as timestamp)
            = hours.hour_start
    left join first_sent
        on fct_sessions.session_id = first_sent.session_id
    left join sent_sessions
        on fct_sessions.session_id = sent_sessions.session_id
),

-- Few kinds stand for all sessions: the steps meet those. A session that goes on after
-- midnight counts on both days, as a buying one on the days of its purchase events.
session_kinds as (
    select
        shop_id,
        session_date,
        start_day,
        end_day,
        counted,
        bot,
        (1 - counted) * (1 - bot) as internal,
        case when start_day <> session_date then 1 else 0 end as moved,
        case when end_day > start_day then 1 else 0 end as late,
        count(*) as visits,
        sum(bought) as bought,
        sum(first_sent) as first_sent,
        sum(sent) as sent,
        sum(case when first_sent_day > start_day then 1 else 0 end) as sent_late_only,
        sum(case when last_sent_day > start_day then 1 else 0 end) as sent_late
    from sessions
    group by shop_id, session_date, start_day, end_day, counted, bot
),

reported_days as (
    select
        shop_id,
        traffic_date,
        max(cast(is_counted as int)) as is_only_word,
        sum(case when is_counted then sessions end) as counted_sessions,
        sum(case when is_counted then purchase_sessions end)
            as counted_purchase_sessions,
        sum(sessions) as sessions,
        sum(purchase_sessions) as purchase_sessions,
        count(purchase_sessions) = count(*) as is_complete
    from {{ ref('fct_traffic_days') }}
    where source_system = 'ga4'
    group by shop_id, traffic_date
),

unseen_days as (
    select *
    from reported_days
    where is_only_word = 1
),

complete_days as (
    select *
    from reported_days
    where is_complete
),

-- Orders as the tags on the page told of them.
told_orders as (
    select
        booked_orders.*,
        case when sent_purchases.event_id is null then 0 else 1 end as sent,
        coalesce(sent_purchases.sent_day, booked_orders.order_date) as sent_day,
        coalesce(sent_purchases.value, booked_orders.charged) as sent_value
    from booked_orders
    left join {{ ref('int_purchases') }} as int_purchases
        on booked_orders.order_id = int_purchases.order_id
    left join sent_purchases
        on int_purchases.event_id = sent_purchases.event_id
),

measured_orders as (
    select told_orders.*
    from told_orders
    inner join measured_shops
        on told_orders.shop_id = measured_shops.shop_id
),

measured_returns as (
    select booked_returns.*
    from booked_returns
    inner join measured_shops
        on booked_returns.shop_id = measured_shops.shop_id
),

unknown_purchases as (
    select
        int_purchases.shop_id,
        sent_purchases.sent_day,
        sent_purchases.value
    from {{ ref('int_purchases') }} as int_purchases
    inner join sent_purchases
        on int_purchases.event_id = sent_purchases.event_id
    where int_purchases.order_id is null
),

ad_spend as (
    select
        shop_id,
        platform,
        ad_date,
        sum(spend) as spend,
        sum(spend / nullif(fx_rate, 0)) as own_spend,
        sum(conversions) as conversions,
        sum(conversions_value / nullif(fx_rate, 0)) as own_value
    from {{ ref('fct_ad_days') }}
    where
        platform in (
            select platform_accounts.platform
            from {{ ref('platform_accounts') }} as platform_accounts
            where platform_accounts.click_window_days is not null
        )
    group by shop_id, platform, ad_date
),

-- As in rollup_marketing: a paid touch with the campaign's name is the campaign's.
campaigns as (
    select
        lower(campaign_name) as campaign_key,
        min(platform) as platform
    from {{ ref('dim_campaigns') }}
    group by lower(campaign_name)
    having count(distinct platform) = 1
),

attributed as (
    select
        fct_attribution.shop_id,
        campaigns.platform,
        fct_attribution.order_date,
        fct_attribution.credit,
        fct_attribution.attributed_sales as sales,
        fct_attribution.attributed_sales / nullif(booked_orders.fx_rate, 0)
            as own_sales
    from {{ ref('fct_attribution') }} as fct_attribution
    inner join {{ ref('dim_channels') }} as dim_channels
        on fct_attribution.channel_id = dim_channels.channel_id
    inner join campaigns
        on lower(fct_attribution.campaign_name) = campaigns.campaign_key
    inner join accounts
        on
            fct_attribution.shop_id = accounts.shop_id
            and campaigns.platform = accounts.platform
    inner join booked_orders
        on fct_attribution.order_id = booked_orders.order_id
    where
        fct_attribution.is_default_model
        and dim_channels.is_paid
        and accounts.click_window_days is not null
),

ad_clicks as (
    select
        int_order_touches.order_id,
        campaigns.platform,
        max(case
            when
                int_purchases.event_id is not null
                and int_sessions.visitor_id = int_purchases.visitor_id
                then int_order_touches.touched_at
        end) as clicked_at
    from {{ ref('int_order_touches') }} as int_order_touches
    inner join {{ ref('dim_channels') }} as dim_channels
        on int_order_touches.channel_id = dim_channels.channel_id
    inner join campaigns
        on lower(int_order_touches.campaign_name) = campaigns.campaign_key
    left join {{ ref('int_sessions') }} as int_sessions
        on int_order_touches.session_id = int_sessions.session_id
    left join {{ ref('int_purchases') }} as int_purchases
        on int_order_touches.order_id = int_purchases.order_id
    where dim_channels.is_paid
    group by int_order_touches.order_id, campaigns.platform
),

claimed_orders as (
    select
        told_orders.shop_id,
        ad_clicks.platform,
        told_orders.order_date,
        coalesce(
            cast({{ to_local('ad_clicks.clicked_at', 'accounts.time_zone') }} as date),
            told_orders.order_date
        ) as click_day,
        told_orders.placed,
        told_orders.own_sales,
        told_orders.sent_value,
        case when ad_clicks.clicked_at is null then 0 else 1 end as own_click,
        case
            when
                ad_clicks.clicked_at >= told_orders.ordered_at
                - accounts.click_window_days * interval '1' day
                then 1
            else 0
        end as claimed
    from ad_clicks
    inner join told_orders
        on ad_clicks.order_id = told_orders.order_id
    inner join accounts
        on
            told_orders.shop_id = accounts.shop_id
            and ad_clicks.platform = accounts.platform
    where accounts.click_window_days is not null
),

ad_ranges as (
    select
        shop_id,
        platform,
        min(ad_date) as first_date,
        max(ad_date) as last_date
    from ad_spend
    where conversions is not null
    group by shop_id, platform
),

reported_ads as (
    select
        ad_ranges.shop_id,
        ad_ranges.platform,
        dim_dates.date_day,
        coalesce(ad_spend.conversions, 0) as conversions,
        coalesce(ad_spend.own_value, 0) as own_value,
        coalesce(ad_spend.own_spend, 0) as own_spend
    from ad_ranges
    inner join {{ ref('dim_dates') }} as dim_dates
        on dim_dates.date_day between ad_ranges.first_date and ad_ranges.last_date
    left join ad_spend
        on
            ad_ranges.shop_id = ad_spend.shop_id
            and ad_ranges.platform = ad_spend.platform
            and dim_dates.date_day = ad_spend.ad_date
),

advertising_shops as (
    select distinct shop_id
    from ad_spend
),

advertised_orders as (
    select booked_orders.*
    from booked_orders
    inner join advertising_shops
        on booked_orders.shop_id = advertising_shops.shop_id
),

marketing_costs as (
    select
        fct_marketing_costs.shop_id,
        fct_marketing_costs.cost_date,
        fct_marketing_costs.amount
    from {{ ref('fct_marketing_costs') }} as fct_marketing_costs
    inner join advertising_shops
        on fct_marketing_costs.shop_id = advertising_shops.shop_id
    where fct_marketing_costs.cost_class = 'MCC'
),

ad_entries as (
    {{ entries('platform', 'conversions', 'attributed', [
        ('ours', 'order_date', 'credit'),
        ('every_click', 'order_date', '-credit'),
    ]) }}
    union all
    {{ entries('platform', 'conversions', 'claimed_orders', [
        ('every_click', 'order_date', 'placed'),
        ('same_browser', 'order_date', '(own_click - 1) * placed'),
        ('click_window', 'order_date', '(claimed - own_click) * placed'),
        ('policy_orders', 'order_date', 'claimed * (1 - placed)'),
        ('click_day', 'order_date', '-claimed'),
        ('click_day', 'click_day', 'claimed'),
    ]) }}
    union all
    {{ entries('platform', 'conversions', 'reported_ads', [
        ('theirs', 'date_day', 'conversions'),
    ]) }}
    union all
    {{ entries('platform', 'return_on_ad_spend', 'ad_spend', [
        ('ours', 'ad_date', '0', 'spend'),
        ('currency', 'ad_date', '0', 'own_spend - spend'),
    ]) }}
    union all
    {{ entries('platform', 'return_on_ad_spend', 'attributed', [
        ('ours', 'order_date', 'sales', '0'),
        ('currency', 'order_date', 'own_sales - sales', '0'),
        ('every_click', 'order_date', '-own_sales', '0'),
    ]) }}
    union all
    {{ entries('platform', 'return_on_ad_spend', 'claimed_orders', [
        ('every_click', 'order_date', 'placed * own_sales', '0'),
        ('same_browser', 'order_date', '(own_click - 1) * placed * own_sales', '0'),
        ('click_window', 'order_date',
         '(claimed - own_click) * placed * own_sales', '0'),
        ('policy_orders', 'order_date', 'claimed * (1 - placed) * own_sales', '0'),
        ('charges', 'order_date', 'claimed * (sent_value - own_sales)', '0'),
        ('click_day', 'order_date', '-claimed * sent_value', '0'),
        ('click_day', 'click_day', 'claimed * sent_value', '0'),
    ]) }}
    union all
    {{ entries('platform', 'return_on_ad_spend', 'reported_ads', [
        ('theirs', 'date_day', 'own_value', 'own_spend'),
    ]) }}
),

all_entries as (
    {{ entries("'shopify'", 'total_sales', 'shopify_orders', [
        ('ours', 'order_date', 'placed * sales'),
        ('currency', 'order_date', 'placed * (own_sales - sales)'),
        ('policy_orders', 'order_date', 'newly_kept * own_sales'),
        ('gift_cards', 'order_date', 'kept * (goods - own_sales)'),
        ('shipping', 'order_date', 'kept * shipping'),
        ('taxes', 'order_date', 'kept * tax'),
        ('edits', 'order_date',
         'kept * (charged - gift_cards - goods - shipping - tax)'),
        ('cancelled_orders', 'order_date', 'reversed * (charged - gift_cards)'),
        ('reversals', 'cancelled_date', '-reversed * (charged - gift_cards)'),
    ]) }}
    union all
    {{ entries("'shopify'", 'total_sales', 'shopify_returns', [
        ('ours', 'return_date', '-placed * returns'),
        ('currency', 'return_date', '-placed * (own_returns - returns)'),
        ('policy_orders', 'return_date', '-newly_kept * own_returns'),
        ('shipping', 'return_date', '-kept * shipping'),
        ('taxes', 'return_date', '-kept * tax'),
        ('refund_dates', 'return_date', 'kept * (own_returns + shipping + tax)'),
        ('refund_dates', 'paid_date', '-kept * (own_returns + shipping + tax)'),
    ]) }}
    union all
    {{ entries("'shopify'", 'average_order_value', 'shopify_orders', [
        ('ours', 'order_date', 'placed * sales', 'placed'),
        ('currency', 'order_date', 'placed * (own_sales - sales)', '0'),
        ('policy_orders', 'order_date', 'newly_kept * own_sales', 'newly_kept'),
        ('gift_cards', 'order_date', 'kept * (goods - own_sales)', '0'),
        ('cancelled_orders', 'order_date', 'reversed * goods', 'reversed'),
    ]) }}
    union all
    {{ entries("'woocommerce'", 'total_sales', 'woocommerce_orders', [
        ('ours', 'order_date', 'placed * sales'),
        ('currency', 'order_date', 'placed * (own_sales - sales)'),
        ('policy_orders', 'order_date', 'newly_kept * own_sales'),
        ('gift_cards', 'order_date', 'kept * (goods + gift_cards - own_sales)'),
        ('shipping', 'order_date', 'kept * shipping'),
        ('taxes', 'order_date', 'kept * tax'),
        ('edits', 'order_date',
         'kept * (charged - goods - gift_cards - shipping - tax)'),
    ]) }}
    union all
    {{ entries("'woocommerce'", 'total_sales', 'woocommerce_returns', [
        ('ours', 'return_date', '-placed * returns'),
        ('currency', 'return_date', '-placed * (own_returns - returns)'),
        ('policy_orders', 'return_date', '-newly_kept * own_returns'),
        ('shipping', 'return_date', '-kept * shipping'),
        ('taxes', 'return_date', '-kept * tax'),
    ]) }}
    union all
    {{ entries("'woocommerce'", 'average_order_value', 'woocommerce_orders', [
        ('ours', 'order_date', 'placed * sales', 'placed'),
        ('currency', 'order_date', 'placed * (own_sales - sales)', '0'),
        ('policy_orders', 'order_date', 'newly_kept * own_sales', 'newly_kept'),
        ('gift_cards', 'order_date', 'kept * (goods + gift_cards - own_sales)', '0'),
    ]) }}
    union all
    {{ entries("'woocommerce'", 'average_order_value', 'woocommerce_returns', [
        ('returns', 'return_date', '-placed * own_returns', '0'),
        ('policy_orders', 'return_date', '-newly_kept * own_returns', '0'),
    ]) }}
    union all
    {{ entries("'woocommerce'", 'average_order_value', 'reported_sales', [
        ('theirs', 'date_day', 'net_revenue', 'orders'),
    ]) }}
    union all
    {{ entries("'ga4'", 'conversion_rate', 'session_kinds', [
        ('ours', 'session_date', 'counted * bought', 'counted * visits'),
        ('robots', 'session_date', 'bot * bought', 'bot * visits'),
        ('internal', 'session_date', 'internal * bought', 'internal * visits'),
        ('policy_orders', 'session_date', 'first_sent - bought', '0'),
        ('repeated_purchases', 'session_date', 'sent - first_sent', '0'),
        ('time_zone', 'session_date', '-moved * sent', '-moved * visits'),
        ('time_zone', 'start_day', 'moved * sent', 'moved * visits'),
        ('midnight', 'start_day', '-sent_late_only', '0'),
        ('midnight', 'end_day', 'sent_late', 'late * visits'),
    ]) }}
    union all
    {{ entries("'ga4'", 'conversion_rate', 'unseen_days', [
        ('ours', 'traffic_date', 'counted_purchase_sessions', 'counted_sessions'),
    ]) }}
    union all
    {{ entries("'ga4'", 'conversion_rate', 'complete_days', [
        ('theirs', 'traffic_date', 'purchase_sessions', 'sessions'),
    ]) }}
    union all
    {{ entries("'ga4'", 'purchase_revenue', 'measured_orders', [
        ('ours', 'order_date', 'placed * sales'),
        ('currency', 'order_date', 'placed * (own_sales - sales)'),
        ('unseen_orders', 'order_date', '(sent - 1) * placed * own_sales'),
        ('policy_orders', 'order_date', 'sent * (1 - placed) * own_sales'),
        ('gift_cards', 'order_date', 'sent * (goods + gift_cards - own_sales)'),
        ('shipping', 'order_date', 'sent * shipping'),
        ('taxes', 'order_date', 'sent * tax'),
        ('sent_value', 'order_date',
         'sent * (sent_value - goods - gift_cards - shipping - tax)'),
        ('time_zone', 'order_date', '-sent * sent_value'),
        ('time_zone', 'sent_day', 'sent * sent_value'),
    ]) }}
    union all
    {{ entries("'ga4'", 'purchase_revenue', 'measured_returns', [
        ('ours', 'return_date', '-placed * returns'),
        ('currency', 'return_date', '-placed * (own_returns - returns)'),
        ('returns', 'return_date', 'placed * own_returns'),
    ]) }}
    union all
    {{ entries("'ga4'", 'purchase_revenue', 'unknown_purchases', [
        ('unknown_purchases', 'sent_day', 'value'),
    ]) }}
    union all
    {{ entries("'ga4'", 'purchase_revenue', 'unseen_days', [
        ('unseen_day', 'traffic_date', '0'),
    ]) }}
    union all
    {{ entries("'ga4'", 'average_purchase_revenue', 'measured_orders', [
        ('ours', 'order_date', 'placed * sales', 'placed'),
        ('currency', 'order_date', 'placed * (own_sales - sales)', '0'),
        ('unseen_orders', 'order_date', '(sent - 1) * placed * own_sales',
         '(sent - 1) * placed'),
        ('policy_orders', 'order_date', 'sent * (1 - placed) * own_sales',
         'sent * (1 - placed)'),
        ('gift_cards', 'order_date', 'sent * (goods + gift_cards - own_sales)', '0'),
        ('shipping', 'order_date', 'sent * shipping', '0'),
        ('taxes', 'order_date', 'sent * tax', '0'),
        ('sent_value', 'order_date',
         'sent * (sent_value - goods - gift_cards - shipping - tax)', '0'),
        ('time_zone', 'order_date', '-sent * sent_value', '-sent'),
        ('time_zone', 'sent_day', 'sent * sent_value', 'sent'),
    ]) }}
    union all
    {{ entries("'ga4'", 'average_purchase_revenue', 'unknown_purchases', [
        ('unknown_purchases', 'sent_day', 'value', '1'),
    ]) }}
    union all
    {{ entries("'ga4'", 'average_purchase_revenue', 'unseen_days', [
        ('unseen_day', 'traffic_date', '0', '0'),
    ]) }}
    union all
    select
        platform,
        figure,
        step,
        shop_id,
        entry_date,
        numerator,
        denominator
    from ad_entries
    union all
    -- All ad platforms together claim what each of them claims.
    select
        'ad_platforms' as platform,
        figure,
        step,
        shop_id,
        entry_date,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from ad_entries
    where figure = 'return_on_ad_spend' and step <> 'ours'
    group by figure, step, shop_id, entry_date
    union all
    {{ entries("'ad_platforms'", 'return_on_ad_spend', 'advertised_orders', [
        ('ours', 'order_date', 'placed * sales', '0'),
        ('other_sales', 'order_date', '-placed * sales', '0'),
    ]) }}
    union all
    {{ entries("'ad_platforms'", 'return_on_ad_spend', 'attributed', [
        ('other_sales', 'order_date', 'sales', '0'),
    ]) }}
    union all
    {{ entries("'ad_platforms'", 'return_on_ad_spend', 'marketing_costs', [
        ('ours', 'cost_date', '0', 'amount'),
        ('other_costs', 'cost_date', '0', '-amount'),
    ]) }}
    union all
    {{ entries("'ad_platforms'", 'return_on_ad_spend', 'ad_spend', [
        ('other_costs', 'ad_date', '0', 'spend'),
    ]) }}
)

select
    platform,
    figure,
    step,
    shop_id,
    entry_date,
    round(sum(numerator) * 1000000) / 1000000 as numerator,
    round(sum(denominator) * 1000000) / 1000000 as denominator
from all_entries
where entry_date is not null
group by platform, figure, step, shop_id, entry_date
-- A day without a difference needs no row; a day that a report tells of does.
having
    step in ('theirs', 'unseen_day')
    or round(sum(numerator) * 1000000) / 1000000 <> 0
    or round(sum(denominator) * 1000000) / 1000000 <> 0
