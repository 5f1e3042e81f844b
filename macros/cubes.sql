{#- A rollup's own SQL once more, cut by all its dimensions at once instead of one after the
    other: one row per day and combination of members. Whoever asks may add up its parts
    over any of them, and no part is written down a second time. -#}
{% macro cube(rollup, dimensions, parts) -%}
    select
        cast(cells.period_start as date) as date_day,
        {%- for dimension in dimensions %}
        case
            when cells.member like '%' || chr(31) || '{{ dimension }}=%'
                then split_part(
                    split_part(cells.member, chr(31) || '{{ dimension }}=', 2),
                    chr(31),
                    1
                )
            else 'not_applicable'
        end as {{ dimension }},
        {%- endfor %}
        {%- for part in parts %}
        cells.{{ part }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        {% if execute -%}
            {{ render(
                graph.nodes['model.' ~ model.package_name ~ '.' ~ rollup].raw_code
                | replace('{{ slices(', '{{ cells(')
            ) }}
        {%- endif %}
    ) as cells
    where cells.grain = 'day' and cells.dimension = 'cell'
{%- endmacro %}

{#- What slices() is to a rollup, to its cube: every row once, with all its members written
    into one. A branch of a union that lacks a dimension leaves it out. -#}
{% macro cells(relation, dimensions) -%}
    select
        *,
        'cell' as dimension,
        chr(31)
        {%- for dimension, column in dimensions.items() %}
        || '{{ dimension }}=' || coalesce({{ column }}, 'unknown') || chr(31)
        {%- endfor %} as member
    from {{ relation }}
{%- endmacro %}
