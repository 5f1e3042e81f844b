{#- The macros of macros/portable.sql as PostgreSQL writes them. -#}
{% macro postgres__matches(text, pattern) -%}
    ({{ text }} ~ {{ pattern }})
{%- endmacro %}

{% macro postgres__to_local(utc_timestamp, time_zone) -%}
    timezone({{ time_zone }}, timezone('UTC', {{ utc_timestamp }}))
{%- endmacro %}

{% macro postgres__sha256(text) -%}
    encode(sha256(convert_to({{ text }}, 'UTF8')), 'hex')
{%- endmacro %}

{% macro postgres__json_elements(array) -%}
    {{ return("jsonb_array_elements(cast(" ~ array ~ " as jsonb))") }}
{%- endmacro %}

{% macro postgres__json_objects(array, fields) -%}
    {{ return("jsonb_array_elements(cast(" ~ array ~ " as jsonb))") }}
{%- endmacro %}

{% macro postgres__json_field(object, field) -%}
    {{ return("(" ~ object ~ " ->> '" ~ field ~ "')") }}
{%- endmacro %}

{% macro postgres__json_text(object, field) -%}
    {{ return("(" ~ object ~ " #>> '{" ~ field | replace(".", ",") ~ "}')") }}
{%- endmacro %}

{% macro postgres__json_value_of(list, id) -%}
    {%- set found -%}
        (
            select nullif(field ->> 'value', '')
            from jsonb_array_elements(cast({{ list }} as jsonb)) as fields (field)
            where field ->> 'id' = '{{ id }}'
            limit 1
        )
    {%- endset -%}
    {{ return(found) }}
{%- endmacro %}

{% macro postgres__counted_entries(list) -%}
    {%- set found -%}
        unnest(string_to_array(
            regexp_replace({{ list }}, ', (-?[0-9]+)[×x] ', chr(31) || '\1× ', 'g'),
            chr(31)
        ))
    {%- endset -%}
    {{ return(found) }}
{%- endmacro %}
