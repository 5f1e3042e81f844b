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

{#- The product of a stock number, where one product of the shop has it; `sku_id` is the
    number with the shop before it, as an id is. -#}
{% macro products_by_sku() -%}
    select
        shop_id,
        sku,
        shop_id || ':' || sku as sku_id,
        min(product_id) as product_id
    from {{ ref('int_products') }}
    where sku is not null
    group by shop_id, sku
    having count(*) = 1
{%- endmacro %}

{#- Orders by the number that people see; of several of one number the newest is first. -#}
{% macro orders_by_number() -%}
    select
        shop_id,
        order_number,
        order_id,
        row_number() over (
            partition by shop_id, order_number
            order by ordered_at desc nulls last, order_id asc nulls last
        ) as preference
    from {{ ref('int_orders') }}
    where order_number is not null
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
