{# WAREHOUSE_MEMORY, as in 4GB, is the most that DuckDB takes; without it, four fifths of
   the machine's. #}
{% macro limit_memory() -%}
    {%- set most = env_var('WAREHOUSE_MEMORY', '') -%}
    {%- if most and target.type == 'duckdb' -%}
        set global memory_limit = '{{ most }}'
    {%- endif -%}
{%- endmacro %}

{# Rows that are replaced in place leave holes behind; whole tables do not. #}
{% macro close_holes() -%}
    {%- if since_last_build() is not none and target.type == 'duckdb' -%}
        set global max_vacuum_tasks = 100
    {%- endif -%}
{%- endmacro %}
