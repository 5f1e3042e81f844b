select
    int_element_clicks.click_id,
    int_element_clicks.shop_id,
    int_element_clicks.source_system,
    int_element_clicks.clicked_at,
    cast({{ to_local('int_element_clicks.clicked_at',
                     "coalesce(int_shops.time_zone, 'UTC')") }} as date) as click_date,
    int_element_clicks.session_id,
    {{ bare_page('int_element_clicks.page') }} as page,
    -- The id is what a redesign keeps; what it says changes with the language.
    coalesce(
        int_element_clicks.element_id,
        int_element_clicks.element_text,
        {{ bare_page('int_element_clicks.link_url') }},
        'unknown'
    ) as element,
    int_element_clicks.element_text,
    int_element_clicks.link_url,
    int_element_clicks.is_outbound,
    int_element_clicks.clicks,
    -- A visit that nobody knows is no robot that anybody knows.
    coalesce(fct_sessions.is_counted, true) as is_counted
from {{ ref('int_element_clicks') }} as int_element_clicks
left join {{ ref('int_shops') }} as int_shops
    on int_element_clicks.shop_id = int_shops.shop_id
left join {{ ref('fct_sessions') }} as fct_sessions
    on int_element_clicks.session_id = fct_sessions.session_id
