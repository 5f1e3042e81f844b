{#- The lake's tables as the sources that staging reads. DuckDB finds their files by
    `external_location`; on Spark each that is read is an external table over the same
    folder, made again before every run, in a schema named after the source. -#}
{% macro register_lake() -%}
    {{ return(adapter.dispatch('register_lake')()) }}
{%- endmacro %}

{% macro default__register_lake() -%}{%- endmacro %}

{#- With the columns of the contract: Spark sees no file in a table that is empty, whose
    name begins with an underscore, and older files lack newer columns. -#}
{% macro spark__register_lake() -%}
    {%- if execute -%}
        {%- set read = [] -%}
        {%- for node in graph.nodes.values() if node.unique_id in selected_resources -%}
            {%- do read.extend(node.depends_on.nodes) -%}
        {%- endfor -%}
        {%- set schemas = [] -%}
        {%- for source in graph.sources.values() if source.unique_id in read -%}
            {%- if source.schema not in schemas -%}
                {%- do schemas.append(source.schema) -%}
                {%- do run_query('create schema if not exists ' ~ source.schema) -%}
            {%- endif -%}
            {%- set table = source.schema ~ '.' ~ source.identifier -%}
            {%- do run_query('drop table if exists ' ~ table) -%}
            {%- do run_query(
                'create table ' ~ table ~ ' (' ~ lake_columns(source) | join(', ')
                ~ ") using parquet location '" ~ lake_folder() ~ '/'
                ~ source.source_name ~ '/' ~ source.name ~ "'"
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- Names and types of a lake table: all that was read from files is text. What stands
    in a header beside the name (its currency) or above it is a column of its own. -#}
{% macro lake_columns(source) -%}
    {%- set types = {} -%}
    {%- for column in source.columns.values() -%}
        {%- do types.update({column.name: column.data_type or 'string'}) -%}
        {%- if '{currency}' in column.config.meta.get('headers', []) | join -%}
            {%- do types.update({column.name ~ '_currency': 'string'}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in source.config.meta.get('reader', {}).get('preamble', {}) -%}
        {%- do types.update({name: 'string'}) -%}
    {%- endfor -%}
    {%- if source.source_name != 'loader' -%}
        {%- do types.update({
            '_file': 'string', '_row': 'bigint', '_landed_at': 'timestamp',
            '_loaded_at': 'timestamp', '_shop_id': 'string',
        }) -%}
    {%- endif -%}
    {%- set columns = [] -%}
    {%- for name, type in types.items() -%}
        {%- do columns.append(name ~ ' ' ~ type) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{#- Where Spark's executors see the lake: a bucket, or a folder that all of them share. -#}
{% macro lake_folder() -%}
    {{ return(env_var('WAREHOUSE_LAKE', env_var('WAREHOUSE_DATA', 'data') ~ '/lake')) }}
{%- endmacro %}
