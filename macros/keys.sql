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
