{#- What staging views share: which version of a row is the newest. That goes by when the
    landed file was written, never by when it was loaded, so that files may be loaded in
    any order. Written in the same moment, the greater name counts as the later. -#}

{#- The shop a row of a flat file names, else that of the file. -#}
{% macro flat_shop() -%}
    coalesce(shop_id, {{ shop_of_file() }})
{%- endmacro %}

{#- 1 on the newest row of a key: of the newest file, the last row. `by` says when and
    where it landed, the lake's columns or what a base calls them. -#}
{% macro newest_row(key, by=['_landed_at', '_file', '_row']) -%}
    row_number() over (
        partition by {{ key | join(', ') }}
        order by {{ by | join(' desc nulls last, ') }} desc nulls last
    )
{%- endmacro %}

{#- The rows of a base that a newer row of their key replaces. Few keys come twice: only
    their rows are sorted. -#}
{% macro replaced_rows(base, key) -%}
repeated as (
    select {{ key }}
    from {{ base }}
    group by {{ key }}
    having count(*) > 1
),

numbered as (
    select
        landed_file,
        landed_row,
        {{ newest_row([key], by=['landed_at', 'landed_file', 'landed_row']) }} as version
    from {{ base }}
    where {{ key }} in (select repeated.{{ key }} from repeated)
),

replaced as (
    select
        landed_file,
        landed_row
    from numbered
    where version > 1
)
{%- endmacro %}

{#- 1 on all rows that the newest file has of a key: for reports, where several rows of
    one file may share a key and add up, and a later download replaces them together. -#}
{% macro newest_file(key) -%}
    rank() over (
        partition by {{ key | join(', ') }}
        order by _landed_at desc nulls last, _file desc nulls last
    )
{%- endmacro %}

{#- How many equal rows of a key a file has had so far: tells true repeats within one
    file from the same row in two overlapping files. -#}
{% macro occurrence(key) -%}
    row_number() over (
        partition by _file, {{ key | join(', ') }} order by _row nulls last
    )
{%- endmacro %}

{#- The human order number without the # that some systems put before it and some not. -#}
{% macro bare_number(order_number) -%}
    {{ remove_all("nullif(trim(" ~ order_number ~ "), '(not set)')", "'^#'") }}
{%- endmacro %}

{#- A date as reports write it above their tables: 2025-07-08, 20250708, July 8, 2025 or
    8 July 2025. -#}
{% macro written_date(text) -%}
    coalesce(
        case
            when {{ matches(text, "'^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$'") }}
                then try_cast({{ text }} as date)
            when {{ matches(text, "'^[0-9]{8}$'") }}
                then try_cast(
                    substr({{ text }}, 1, 4) || '-' || substr({{ text }}, 5, 2)
                    || '-' || substr({{ text }}, 7, 2) as date
                )
        end,
        case when {{ matches(text, "'[0-9]{4}'") }} then try_cast(
            regexp_extract({{ text }}, '([0-9]{4})', 1)
            || '-'
            || lpad(cast(cast(floor((
                instr(
                    'janfebmaraprmayjunjulaugsepoctnovdec',
                    lower(nullif(regexp_extract({{ text }}, '([A-Za-z]{3})', 1), ''))
                ) + 2
            ) / 3) as int) as string), 2, '0')
            || '-'
            || lpad(
                regexp_extract({{ text }}, '(^|[^0-9])([0-9]{1,2})([^0-9]|$)', 2),
                2, '0'
            ) as date
        ) end
    )
{%- endmacro %}

{#- The key of a GA4 event: the export has none, and a day may be exported twice. Events
    of one batch share their timestamp; where the export does not number them, what they
    say tells them apart. -#}
{% macro ga4_event_id(
    said=[ga4_unnumbered('event_params'), ga4_unnumbered('items')]
) -%}
    {{ hash_key([
        shop_of_file(), 'user_pseudo_id', 'event_timestamp', 'event_name',
        'event_bundle_sequence_id', 'batch_event_index',
    ] + said) }}
{%- endmacro %}

{% macro ga4_unnumbered(column) -%}
    case
        when event_bundle_sequence_id is null or batch_event_index is null
            then {{ column }}
    end
{%- endmacro %}

{#- All GA4 events with their shop and key. Those that are numbered are read apart: the
    parameters, more text than all the rest together, are then read only where a key needs
    them. One column at a time tells the reader which parts of a file hold no such row. -#}
{% macro ga4_events(exported) -%}
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ ga4_event_id(said=["''", "''"]) }} as event_key
    from {{ exported }}
    where event_bundle_sequence_id is not null and batch_event_index is not null
    union all
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ ga4_event_id() }} as event_key
    from {{ exported }}
    where batch_event_index is null
    union all
    select
        *,
        {{ shop_of_file() }} as shop,
        {{ ga4_event_id() }} as event_key
    from {{ exported }}
    where event_bundle_sequence_id is null and batch_event_index is not null
{%- endmacro %}

{#- The key of a flat event: its id where the system has one. -#}
{% macro flat_event_key() -%}
    coalesce(
        event_id,
        {{ hash_key(['visitor_id', 'event_at', 'event_name', 'page', 'order_number']) }}
    )
{%- endmacro %}

{#- Seconds of a duration, written as seconds, 2:23 or 00:02:23. -#}
{% macro duration_seconds(text) -%}
    case
        when {{ text }} like '%:%:%'
            then try_cast(split_part({{ text }}, ':', 1) as double) * 3600
                + try_cast(split_part({{ text }}, ':', 2) as double) * 60
                + try_cast(split_part({{ text }}, ':', 3) as double)
        when {{ text }} like '%:%'
            then try_cast(split_part({{ text }}, ':', 1) as double) * 60
                + try_cast(split_part({{ text }}, ':', 2) as double)
        else try_cast({{ text }} as double)
    end
{%- endmacro %}

{#- How a ticket came in, in one word whatever the help desk calls it. -#}
{% macro contact_channel(text) -%}
    case
        when {{ text }} is null then cast(null as string)
        when {{ matches("lower(" ~ text ~ ")", "'phone|voice|call'") }} then 'phone'
        when {{ matches("lower(" ~ text ~ ")", "'mail'") }} then 'email'
        when {{ matches("lower(" ~ text ~ ")", "'chat|messaging'") }} then 'chat'
        when
            {{ matches(
                "lower(" ~ text ~ ")",
                "'facebook|instagram|twitter|whatsapp|social|^x( |_|$)'"
            ) }}
            then 'social'
        when {{ matches("lower(" ~ text ~ ")", "'web|form|help ?cent|widget'") }}
            then 'web'
        else replace(lower(trim({{ text }})), ' ', '_')
    end
{%- endmacro %}

{#- The archive, or else the folder, that a landed file lies in: what a platform packs
    together belongs together. -#}
{% macro archive_of_file() -%}
    regexp_extract(_file, '^(.*)/[^/]*$', 1)
{%- endmacro %}

{#- The order a Zendesk ticket names: in a column of its own, else in the first filled one
    of the custom fields that the variable lists. -#}
{% macro zendesk_order_number() -%}
    coalesce(
        order_number
        {%- for field in var('zendesk_order_fields') -%}
            , {{ json_value_of('custom_fields', field) }}
        {%- endfor -%}
    )
{%- endmacro %}

{#- What a metric of Klaviyo means for a message; NULL for any other. -#}
{% macro klaviyo_event(metric) -%}
    case
        when lower({{ metric }}) in ('received email', 'received sms') then 'delivered'
        when lower({{ metric }}) = 'opened email' then 'opened'
        when lower({{ metric }}) in ('clicked email', 'clicked sms') then 'clicked'
        when lower({{ metric }}) in ('bounced email', 'failed to deliver sms') then 'bounced'
        when lower({{ metric }}) in ('unsubscribed', 'unsubscribed from email marketing')
            then 'unsubscribed'
        when lower({{ metric }}) = 'marked email as spam' then 'complained'
        when lower({{ metric }}) = 'sent sms' then 'sent'
    end
{%- endmacro %}

{#- Which kind of message a metric of Klaviyo speaks of. -#}
{% macro klaviyo_channel(metric) -%}
    case when lower({{ metric }}) like '%sms%' then 'sms' else 'email' end
{%- endmacro %}
