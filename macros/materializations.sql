{#- Tables and views are replaced in one statement of one transaction. dbt's own way (build
    beside, rename twice, drop) is no safer here, leaves half-way names behind when it is
    killed, and was a fifth of the time that dbt itself takes for a build. Grants, indexes
    and hooks outside the transaction are left out: nobody logs in to a private file. -#}

{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set table = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {%- if model['language'] == 'sql' -%}
        {{ make_whole(table) }}
    {%- else -%}
        {#- Python writes through a connection of its own. -#}
        {{ drop_relation_if_exists(load_cached_relation(this)) }}
        {%- call statement('main', language='python') -%}
            {{ create_table_as(False, table, compiled_code, 'python') }}
        {%- endcall -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {% do persist_docs(table, model) %}
    {{ adapter.commit() }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}

{% materialization incremental, adapter='duckdb' %}
    {%- set table = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {%- if is_partial() -%}
        {%- call statement('main') -%}{{ replace_units(table) }}{%- endcall -%}
    {%- else -%}
        {{ make_whole(table) }}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {% do persist_docs(table, model) %}
    {{ adapter.commit() }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}

{#- Plain tables of Spark know no delete: all is made anew there. -#}
{% materialization incremental, adapter='spark' %}
    {{ return(materialization_table_spark()) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set view = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks) }}
    {%- call statement('main') -%}
        drop view if exists {{ view }};
        {{ create_view_as(view, compiled_code) }}
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {% do persist_docs(view, model) %}
    {{ adapter.commit() }}
    {{ return({'relations': [view]}) }}
{% endmaterialization %}

{#- A view that shall be a table, or the other way round, goes before the build. So what
    replaces a relation need not ask what it is: dbt looks for one among all the others,
    which for every model was a twentieth of the time it takes itself. -#}
{% macro drop_other_kinds() -%}
    {%- if execute and target.type == 'duckdb' -%}
        {%- set kinds = {} -%}
        {%- for node in graph.nodes.values()
            if node.resource_type == 'model' and node.unique_id in selected_resources -%}
            {%- set is_view = node.config.materialized == 'view' -%}
            {%- do kinds.update({
                (node.schema, node.alias): 'view' if is_view else 'table'
            }) -%}
        {%- endfor -%}
        {%- for schema, name, kind in run_query("
            select
                table_schema,
                table_name,
                case when table_type = 'VIEW' then 'view' else 'table' end as kind
            from information_schema.tables
            where table_catalog = current_database()
        ").rows if kinds.get((schema, name), kind) != kind %}
            drop {{ kind }} {{ schema }}.{{ name }};
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- A table from scratch; if it shall tell what changed, and there is something to compare
    with, that too: of all columns, or of those that meta `tracked` lists. -#}
{% macro make_whole(table) -%}
    {%- set compared = leaves_changes(model) and since_last_build() is not none
        and load_cached_relation(this) is not none -%}
    {%- if compared -%}
        {%- set before = table.identifier ~ '__before' -%}
        {%- set columns = model.config.meta.get('tracked') -%}
        {%- if columns is not iterable -%}
            {%- set columns = columns_of(table) -%}
        {%- endif -%}
        {%- call statement('before') -%}
            create or replace temporary table {{ before }} as (
                select {{ columns | join(', ') }} from {{ table }}
            );
        {%- endcall -%}
    {%- endif -%}
    {%- call statement('main') -%}
        drop table if exists {{ table }};
        {{ create_table_as(False, table, compiled_code) }}
        {%- if compared -%}
            {{ note_changes(table, before, table, columns) }}
            drop table temp.{{ before }};
        {%- elif leaves_changes(model) -%}
            drop table if exists {{ changes_of(table) }};
        {%- endif -%}
    {%- endcall -%}
{%- endmacro %}

{#- The units that a build touches, made anew: what was there goes, what is there now
    comes, in one transaction. -#}
{% macro replace_units(table) -%}
    {%- set made = table.identifier ~ '__made' -%}
    {%- set listed = table.identifier ~ '__touched' -%}
    {%- set gone = touched(model.config.meta.unit) -%}
    {%- set columns = columns_of(table) -%}
    {%- if listed in gone %}
    create or replace temporary table {{ listed }} as (
        select distinct unit from ({{ model.config.meta.touched }}) as listed(unit)
    );
    {%- endif %}
    create or replace temporary table {{ made }} as ({{ compiled_code }});
    {{ note_changes(table, table, made, columns, gone) }}
    delete from {{ table }} where {{ gone }};
    insert into {{ table }} by name select {{ columns | join(', ') }} from {{ made }};
    drop table {{ made }};
    drop table if exists temp.{{ listed }};
{%- endmacro %}

{#- The rows of a table that go, and those that come, without those that do both. -#}
{% macro note_changes(table, before, after, columns, gone='true') -%}
    {%- set columns = columns | join(', ') -%}
    create or replace table {{ changes_of(table) }} as (
        select {{ columns }}
        from (
            select {{ columns }}, 1 as times from {{ before }} where {{ gone }}
            union all
            select {{ columns }}, -1 as times from {{ after }}
        ) as both_sides
        group by {{ columns }}
        having sum(times) <> 0
    );
{%- endmacro %}

{% macro changes_of(table) -%}
    {{ return(table.incorporate(path={'identifier': table.identifier ~ '__changes'})) }}
{%- endmacro %}

{% macro columns_of(table) -%}
    {{ return(adapter.get_columns_in_relation(table) | map(attribute='name') | list) }}
{%- endmacro %}
