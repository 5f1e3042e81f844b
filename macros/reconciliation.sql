{#- Entries of a walk, summed by shop and day. `platform` is SQL: a text or a column.
    `steps` are lists of step, day, numerator and, in the walk of a ratio, denominator.
    The relation is read once: each row meets the numbers of all steps. -#}
{% macro entries(platform, figure, relation, steps) -%}
    select
        {{ platform }} as platform,
        '{{ figure }}' as figure,
        case numbers.n
            {%- for entry in steps %}
            when {{ loop.index }} then '{{ entry[0] }}'
            {%- endfor %}
        end as step,
        shop_id,
        case numbers.n
            {%- for entry in steps %}
            when {{ loop.index }} then {{ entry[1] }}
            {%- endfor %}
        end as entry_date,
        sum(case numbers.n
            {%- for entry in steps %}
            when {{ loop.index }} then cast({{ entry[2] }} as double)
            {%- endfor %}
        end) as numerator,
        sum(case numbers.n
            {%- for entry in steps %}
            when {{ loop.index }}
                then cast({{ entry[3] if entry | length > 3 else 'null' }} as double)
            {%- endfor %}
        end) as denominator
    from {{ relation }}
    cross join (
        {%- for entry in steps %}
        select {{ loop.index }} as n
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ) as numbers
    group by 1, 2, 3, 4, 5
{%- endmacro %}
