{#- Every row of a relation once for `all` and once for each dimension, with the columns
    `dimension` and `member`. A missing member is `unknown`, so slices add up to `all`. -#}
{% macro slices(relation, dimensions) -%}
    select
        *,
        'all' as dimension,
        'all' as member
    from {{ relation }}
    {%- for dimension, column in dimensions.items() %}
    union all
    select
        *,
        '{{ dimension }}' as dimension,
        coalesce({{ column }}, 'unknown') as member
    from {{ relation }}
    {%- endfor %}
{%- endmacro %}

{#- The sum of a part that every row knows. A part that one row does not know is unknown
    for all: a sum over the rest, divided by a whole, would be a number that is wrong. -#}
{% macro known_sum(column) -%}
    case when count({{ column }}) = count(*) then sum({{ column }}) end
{%- endmacro %}
