select
    int_page_loads.page_load_id,
    int_page_loads.shop_id,
    int_page_loads.source_system,
    int_page_loads.loaded_at,
    cast({{ to_local('int_page_loads.loaded_at',
                     "coalesce(int_shops.time_zone, 'UTC')") }} as date) as load_date,
    {{ bare_page('int_page_loads.page') }} as page,
    coalesce(int_page_loads.device, 'unknown') as device,
    cast(int_page_loads.lcp_ms as double) / 1000 as lcp_seconds,
    coalesce(int_page_loads.status_code >= 500, false) as has_server_error,
    int_page_loads.has_script_error,
    coalesce(int_page_loads.status_code >= 500, false)
    or int_page_loads.has_script_error as has_error
from {{ ref('int_page_loads') }} as int_page_loads
left join {{ ref('int_shops') }} as int_shops
    on int_page_loads.shop_id = int_shops.shop_id
