{#- What a build makes anew after one more load. `warehouse build` says which tables of the
    lake have moved since the last build, and of those that it can follow (meta
    `followed_by` of the source) the days or files; it says so only if nothing else has
    written the warehouse since and the project is the same. Whoever runs dbt by hand, or a
    part of it, gets everything from scratch.

    An incremental model replaces the rows of some units (meta `unit`), those that `touched`
    lists, and leaves all rows that differ from before, old and new, in <model>__changes.
    There the next models find what touches them. The first model over a table of the lake
    has `days of <source>/<table>` for `touched`, or `files of`: rows of which not the day
    decides, but a key that may come on any day, are taken file by file, and the models
    after them go by keys. Tables that are made whole but should tell what changed have meta
    `tracked`: true, or the columns of which others must know. What hangs on nothing that
    moved is not made again, and has no changes. -#}

{#- Of a unit of the model: true in a build from scratch, else what this build replaces.
    `file` is the column with the landed file, where rows are read from the lake: the
    files of other days stay closed. `key` and `of`: rows that know their unit only by a
    key of another model. -#}
{% macro touched(unit, file=none, key=none, of=none) -%}
    {%- if not execute or not is_partial() -%}
        true
    {%- elif key is not none -%}
        {{ key }} in (select {{ key }} from {{ of }} where {{ touched(unit) }})
    {%- elif model.config.meta.touched.startswith('files of ') -%}
        {{ is_one_of(followed_of(model).files, unit) }}
    {%- elif model.config.meta.touched.startswith('days of ') -%}
        {%- set followed = followed_of(model) -%}
        {%- if not followed.days -%}
            false
        {%- else -%}
            {{ unit }} in (date '{{ followed.days | join("', date '") }}')
            {%- if file is not none %}
            and {{ is_one_of(followed.files, file) }}
            {%- endif -%}
        {%- endif -%}
    {%- else -%}
        {{ unit }} in (select unit from {{ this.identifier }}__touched)
    {%- endif -%}
{%- endmacro %}

{#- What touches a rollup by period: the periods of the days on which a fact has changed
    (the columns with its days, by fact), and those that are new or longer than before. -#}
{% macro periods_of(facts) -%}
    select period_start from dim_period_days__changes
    {%- for fact, days in facts.items() %}
    {%- for day in days %}
    union all
    select period_start from dim_period_days
    where date_day in (select {{ day }} from {{ fact }}__changes)
    {%- endfor %}
    {%- endfor %}
{%- endmacro %}

{#- Of the rows of a rollup by period, those whose day lies in a period of this build. -#}
{% macro in_touched_periods(day) -%}
    {%- if not execute or not is_partial() -%}
        true
    {%- else -%}
        {{ day }} in (
            select date_day from dim_period_days where {{ touched('period_start') }}
        )
    {%- endif -%}
{%- endmacro %}

{% macro is_one_of(names, file) -%}
    {%- if not names -%}
        false
    {%- else -%}
        {{ file }} in ({% for name in names -%}
            '{{ name | replace("'", "''") }}' {%- if not loop.last %}, {% endif -%}
        {%- endfor %})
    {%- endif -%}
{%- endmacro %}

{#- The table of the lake that a model goes by, and what has come to it. -#}
{% macro own_table(model) -%}
    {{ return(model.config.meta.touched.split(' of ') | last) }}
{%- endmacro %}

{% macro followed_of(model) -%}
    {%- set nothing = {'days': [], 'files': []} -%}
    {{ return(since_last_build().followed.get(own_table(model), nothing)) }}
{%- endmacro %}

{#- What `warehouse build` says has moved in the lake; none where it says nothing. -#}
{% macro since_last_build() -%}
    {%- set told = env_var('WAREHOUSE_SINCE_LAST_BUILD', '') -%}
    {{ return(fromjson(told) if told and not flags.FULL_REFRESH else none) }}
{%- endmacro %}

{#- The tables of the lake that are not what they were, followed by day or not. -#}
{% macro moved_tables() -%}
    {{ return(since_last_build().moved + since_last_build().followed.keys() | list) }}
{%- endmacro %}

{#- Whether the model in hand replaces units, or is made whole: found out once. -#}
{% macro is_partial() -%}
    {%- if 'is_partial' not in model -%}
        {%- do model.update({'is_partial': can_be_partial()}) -%}
    {%- endif -%}
    {{ return(model.is_partial) }}
{%- endmacro %}

{% macro can_be_partial() -%}
    {%- if since_last_build() is none or model.config.materialized != 'incremental'
        or load_cached_relation(this) is none -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set moved = moved_tables() -%}
    {%- if own_table(model) in since_last_build().followed -%}
        {%- set moved = moved | reject('eq', own_table(model)) | list -%}
    {%- endif -%}
    {%- for parent in model.depends_on.nodes if not is_followed(parent, moved) -%}
        {{ return(false) }}
    {%- endfor -%}
    {%- set whole_if = model.config.meta.get('whole_if', '') -%}
    {{ return(whole_if == '' or run_query(whole_if ~ ' limit 1').rows | length == 0) }}
{%- endmacro %}

{#- Whether all that can have changed in a node is known: it leaves changes, or is a view
    of nodes that do, or nothing that it hangs on has moved. -#}
{% macro is_followed(node_id, moved, from_changes=true) -%}
    {%- set node = graph.nodes.get(node_id) or graph.sources.get(node_id) -%}
    {%- if node.resource_type == 'source' -%}
        {{ return(node.source_name ~ '/' ~ node.name not in moved) }}
    {%- elif from_changes and leaves_changes(node) -%}
        {{ return(true) }}
    {%- elif node.config.materialized != 'view' -%}
        {%- set moved = moved_tables() -%}
        {%- set from_changes = false -%}
    {%- endif -%}
    {%- for parent in node.depends_on.get('nodes', [])
        if not is_followed(parent, moved, from_changes) -%}
        {{ return(false) }}
    {%- endfor -%}
    {{ return(true) }}
{%- endmacro %}

{#- Whether a model notes what changed. -#}
{% macro leaves_changes(node) -%}
    {{ return(
        node.config.materialized == 'incremental' or node.config.meta.get('tracked', false)
    ) }}
{%- endmacro %}

{#- Tables that this build leaves as they are have not changed in it. -#}
{% macro forget_changes() -%}
    {%- if execute and since_last_build() is not none -%}
        {%- for node in graph.nodes.values()
            if leaves_changes(node) and node.unique_id not in selected_resources -%}
            {%- set table = node.schema ~ '.' ~ node.alias %}
            create or replace table {{ table }}__changes as
            select * from {{ table }} limit 0;
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
