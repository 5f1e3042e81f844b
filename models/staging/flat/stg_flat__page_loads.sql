select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || load_key as page_load_id,
    cast(loaded_at as timestamp) as loaded_at,
    page,
    lower(trim(device)) as device,
    cast(lcp_ms as double) as lcp_ms,
    coalesce(cast(has_error as boolean), false) as has_script_error,
    cast(status_code as bigint) as status_code
from (
    select
        *,
        {{ newest_row(['shop', 'load_key']) }} as version
    from (
        select
            *,
            {{ flat_shop() }} as shop,
            -- Without an id, equal rows of one file are views of their own, and the
            -- same row in a later file is not.
            coalesce(
                load_id,
                {{ hash_key(['loaded_at', 'page', 'device', 'lcp_ms', 'has_error',
                             'status_code']) }}
                || '-' || cast({{ occurrence([
                    'shop_id', 'loaded_at', 'page', 'device', 'lcp_ms', 'has_error',
                    'status_code',
                ]) }} as string)
            ) as load_key
        from {{ source('flat', 'page_loads') }}
    ) as named
) as loads
where version = 1
