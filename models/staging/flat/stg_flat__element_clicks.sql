select
    'flat' as source_system,
    shop as shop_id,
    shop || ':' || click_row as click_key,
    cast(clicked_at as timestamp) as clicked_at,
    shop || ':' || session_id as session_id,
    page,
    element_id,
    element_text,
    link_url,
    cast(is_outbound as boolean) as is_outbound,
    cast(coalesce(cast(clicks as bigint), 1) as bigint) as clicks
from (
    select
        *,
        {{ newest_row(['shop', 'click_row']) }} as version
    from (
        select
            *,
            {{ flat_shop() }} as shop,
            coalesce(
                click_id,
                {{ hash_key(['session_id', 'clicked_at', 'page', 'element_id',
                             'element_text', 'link_url']) }}
                || '-' || cast({{ occurrence([
                    'shop_id', 'session_id', 'clicked_at', 'page', 'element_id',
                    'element_text', 'link_url',
                ]) }} as string)
            ) as click_row
        from {{ source('flat', 'element_clicks') }}
    ) as named
) as clicks
where version = 1
