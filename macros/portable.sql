{#- The handful of things that DuckDB and Spark write differently. Everything else in
    models/ is SQL that both engines read. -#}

{#- A UTC timestamp as the wall clock of a time zone shows it. -#}
{% macro to_local(utc_timestamp, time_zone) -%}
    {{ adapter.dispatch('to_local')(utc_timestamp, time_zone) }}
{%- endmacro %}

{% macro default__to_local(utc_timestamp, time_zone) -%}
    timezone({{ time_zone }}, make_timestamptz(epoch_us({{ utc_timestamp }})))
{%- endmacro %}

{% macro spark__to_local(utc_timestamp, time_zone) -%}
    from_utc_timestamp({{ utc_timestamp }}, {{ time_zone }})
{%- endmacro %}

{#- A wall clock time of a time zone as UTC. -#}
{% macro to_utc(local_timestamp, time_zone) -%}
    {{ adapter.dispatch('to_utc')(local_timestamp, time_zone) }}
{%- endmacro %}

{% macro default__to_utc(local_timestamp, time_zone) -%}
    timezone('UTC', timezone({{ time_zone }}, {{ local_timestamp }}))
{%- endmacro %}

{% macro spark__to_utc(local_timestamp, time_zone) -%}
    to_utc_timestamp({{ local_timestamp }}, {{ time_zone }})
{%- endmacro %}

{#- Seconds from one timestamp to a later one, as a double. -#}
{% macro seconds_between(from_timestamp, to_timestamp) -%}
    {{ adapter.dispatch('seconds_between')(from_timestamp, to_timestamp) }}
{%- endmacro %}

{% macro default__seconds_between(from_timestamp, to_timestamp) -%}
    (epoch({{ to_timestamp }}) - epoch({{ from_timestamp }}))
{%- endmacro %}

{% macro spark__seconds_between(from_timestamp, to_timestamp) -%}
    (cast(cast({{ to_timestamp }} as timestamp) as double)
    - cast(cast({{ from_timestamp }} as timestamp) as double))
{%- endmacro %}

{#- True where a text matches a regular expression anywhere. Write [0-9], no backslash. -#}
{% macro matches(text, pattern) -%}
    {{ adapter.dispatch('matches')(text, pattern) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}

{% macro spark__matches(text, pattern) -%}
    ({{ text }} rlike {{ pattern }})
{%- endmacro %}

{#- A text without any of the places that match a regular expression. -#}
{% macro remove_all(text, pattern) -%}
    {{ adapter.dispatch('remove_all')(text, pattern) }}
{%- endmacro %}

{% macro default__remove_all(text, pattern) -%}
    regexp_replace({{ text }}, {{ pattern }}, '', 'g')
{%- endmacro %}

{% macro spark__remove_all(text, pattern) -%}
    regexp_replace({{ text }}, {{ pattern }}, '')
{%- endmacro %}

{#- SHA-256 of a text, as 64 hexadecimal digits. -#}
{% macro sha256(text) -%}
    {{ adapter.dispatch('sha256')(text) }}
{%- endmacro %}

{% macro default__sha256(text) -%}
    sha256({{ text }})
{%- endmacro %}

{% macro spark__sha256(text) -%}
    sha2({{ text }}, 256)
{%- endmacro %}

{#- The elements of a JSON array, as JSON texts, one row each of the select it
    stands in. -#}
{% macro json_elements(array) -%}
    {{ return(adapter.dispatch('json_elements')(array)) }}
{%- endmacro %}

{% macro default__json_elements(array) -%}
    unnest(from_json({{ array }}, '["JSON"]'))
{%- endmacro %}

{% macro spark__json_elements(array) -%}
    explode(from_json({{ array }}, 'array<string>'))
{%- endmacro %}

{#- The objects of a JSON array, one row each of the select it stands in, for json_field:
    these fields of theirs (`a, b`), read at once. -#}
{% macro json_objects(array, fields) -%}
    {{ return(adapter.dispatch('json_objects')(array, fields)) }}
{%- endmacro %}

{% macro default__json_objects(array, fields) -%}
    unnest(from_json({{ array }}, '[{
        {%- for field in fields.split(', ') -%}
            "{{ field }}": "VARCHAR" {%- if not loop.last %}, {% endif -%}
        {%- endfor -%}
    }]'))
{%- endmacro %}

{% macro spark__json_objects(array, fields) -%}
    explode(from_json({{ array }}, 'array<struct<
        {%- for field in fields.split(', ') -%}
            {{ field }}: string {%- if not loop.last %}, {% endif -%}
        {%- endfor -%}
    >>'))
{%- endmacro %}

{#- A field of an object of json_objects, as a text. -#}
{% macro json_field(object, field) -%}
    {{ return(adapter.dispatch('json_field')(object, field)) }}
{%- endmacro %}

{% macro default__json_field(object, field) -%}
    {{ object }}.{{ field }}
{%- endmacro %}

{#- A field of a JSON object, as a text. -#}
{% macro json_text(object, field) -%}
    {{ return(adapter.dispatch('json_text')(object, field)) }}
{%- endmacro %}

{% macro default__json_text(object, field) -%}
    json_extract_string({{ object }}, '$.{{ field }}')
{%- endmacro %}

{% macro spark__json_text(object, field) -%}
    get_json_object({{ object }}, '$.{{ field }}')
{%- endmacro %}

{#- The value of the object with this id in a JSON list of ids and values; an empty text is
    none. -#}
{% macro json_value_of(list, id) -%}
    {{ return(adapter.dispatch('json_value_of')(list, id)) }}
{%- endmacro %}

{% macro default__json_value_of(list, id) -%}
    nullif(list_filter(
        from_json({{ list }}, '[{"id": "VARCHAR", "value": "VARCHAR"}]'),
        lambda field: field.id = '{{ id }}'
    )[1].value, '')
{%- endmacro %}

{% macro spark__json_value_of(list, id) -%}
    nullif(get(filter(
        from_json({{ list }}, 'array<struct<id: string, value: string>>'),
        field -> field.id = '{{ id }}'
    ), 0).value, '')
{%- endmacro %}

{#- The entries of a list such as `2× Hat, red, 1× Mug`, one row each of the select it
    stands in: a new one begins where a comma is followed by a count. -#}
{% macro counted_entries(list) -%}
    {{ return(adapter.dispatch('counted_entries')(list)) }}
{%- endmacro %}

{% macro default__counted_entries(list) -%}
    unnest(string_split(
        regexp_replace({{ list }}, ', (-?[0-9]+)[×x] ', chr(31) || '\1× ', 'g'), chr(31)
    ))
{%- endmacro %}

{% macro spark__counted_entries(list) -%}
    explode(split(
        regexp_replace({{ list }}, ', (-?[0-9]+)[×x] ', char(31) || '$1× '), char(31)
    ))
{%- endmacro %}

{#- The texts of a group in one, in the order of a number. -#}
{% macro join_texts(texts, separator, order) -%}
    {{ return(adapter.dispatch('join_texts')(texts, separator, order)) }}
{%- endmacro %}

{% macro default__join_texts(texts, separator, order) -%}
    string_agg({{ texts }}, {{ separator }} order by {{ order }})
{%- endmacro %}

{% macro spark__join_texts(texts, separator, order) -%}
    array_join(
        transform(
            sort_array(collect_list(struct({{ order }} as n, {{ texts }} as t))), x -> x.t
        ),
        {{ separator }}
    )
{%- endmacro %}

{#- The rows of a seed, written out as SQL: dbt-spark's own way knows no empty cell and no
    quote within a text. -#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set statements = [] -%}
    {%- for chunk in agate_table.rows | batch(1000) -%}
        {%- set statement -%}
            insert into {{ this.render() }} values
            {% for row in chunk -%}
                (
                {%- for cell in row -%}
                    {%- set name = agate_table.column_names[loop.index0] -%}
                    {%- set type = types.get(
                        name, adapter.convert_type(agate_table, loop.index0)
                    ) -%}
                    cast(
                    {%- if cell is none -%}
                        null
                    {%- else -%}
                        '{{ cell | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
                    {%- endif %} as {{ type }}){{ ', ' if not loop.last }}
                {%- endfor -%}
                ){{ ',' if not loop.last }}
            {% endfor %}
        {%- endset -%}
        {%- do adapter.add_query(statement, abridge_sql_log=True) -%}
        {%- do statements.append(statement) -%}
    {%- endfor -%}
    {{ return(statements[0]) }}
{% endmacro %}
