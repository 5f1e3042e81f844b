{#- A key of several columns: md5 of their texts, NULL as ''. The same on every engine. -#}
{% macro hash_key(columns) -%}
    md5(concat_ws('|'
    {%- for column in columns %}, coalesce(cast({{ column }} as string), ''){% endfor -%}
    ))
{%- endmacro %}

{#- The shop a landed row belongs to: the folder its file lies in, else the default. -#}
{% macro shop_of_file() -%}
    coalesce(_shop_id, '{{ var("default_shop_id") }}')
{%- endmacro %}

{#- What an order may be called, with its shop before it: its id or its number. A name of
    two orders is left out. -#}
{% macro named_orders() -%}
    select
        name,
        min(order_id) as order_id
    from (
        select
            order_id as name,
            order_id
        from {{ ref('int_orders') }}
        union
        select
            shop_id || ':' || order_number as name,
            order_id
        from {{ ref('int_orders') }}
    ) as names
    where name is not null
    group by name
    having count(*) = 1
{%- endmacro %}
