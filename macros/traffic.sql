{#- The kind of a click id: `facebook` for the one Facebook puts on every link, paid or
    not; `ad` for the others, which only ads get; '' without one. -#}
{% macro click_id_kind(click_id) -%}
    case
        when {{ click_id }} is null then ''
        when
            {{ click_id }} like 'IwAR%' or {{ click_id }} like 'IwY2%'
            or {{ click_id }} like 'IwZX%' or {{ click_id }} like 'PAZX%'
            or {{ click_id }} like 'fb.%' or {{ click_id }} like 'fbclid%'
            then 'facebook'
        else 'ad'
    end
{%- endmacro %}

{#- The key of int_traffic_channels: what the channel rules look at, in lower case. -#}
{% macro traffic_key(source, medium, campaign_name, click_id) -%}
    md5(
        coalesce(lower(trim({{ source }})), '') || '|'
        || coalesce(lower(trim({{ medium }})), '') || '|'
        || coalesce(lower(trim({{ campaign_name }})), '') || '|'
        || {{ click_id_kind(click_id) }}
    )
{%- endmacro %}

{#- A text as words with one blank around each, in lower case: for matching whole words
    without a regular expression, in any script that writes blanks. -#}
{% macro as_words(text) -%}
    replace(replace(replace(
        ' ' || translate(
            lower({{ text }}), '-_/.,;:!?()[]+&|%"*#@''’',
            '                       '
        ) || ' ',
        '  ', ' '
    ), '  ', ' '), '  ', ' ')
{%- endmacro %}

{#- A channel's name as its id is written: Paid Search is paid_search. -#}
{% macro as_channel_id(channel_name) -%}
    replace(replace(lower(trim({{ channel_name }})), ' ', '_'), '-', '_')
{%- endmacro %}

{#- The texts of a relation that hold a brand term as whole words: the patterns meet each
    text once. -#}
{% macro with_brand_term(relation, column) -%}
    select distinct texts.{{ column }}
    from (select distinct {{ column }} from {{ relation }}) as texts
    inner join {{ ref('brand_terms') }} as brand_terms
        on
            {{ as_words('texts.' ~ column) }}
            like '%' || {{ as_words('brand_terms.brand_term') }} || '%'
{%- endmacro %}

{#- The address of a page without what follows it: click ids, tags and searches make every
    address another one. -#}
{% macro bare_page(page) -%}
    split_part(split_part({{ page }}, '?', 1), '#', 1)
{%- endmacro %}
