{#- What every row of a table promises, looked at by one test because each costs dbt time:
    `key` is whole and occurs once; each of `unique` occurs once; `not_null` are filled;
    `accepted_values` hold one of their values, or nothing. A row found says what is wrong,
    with which value, and how many rows have it. -#}
{% test valid_rows(model, key=[], unique=[], not_null=[], accepted_values={}) %}
{% set rule = joiner('\nunion all\n') %}

{% if key %}
{{ rule() }}
select
    'the key is incomplete or occurs twice' as problem,
    concat_ws(', '
        {%- for part in key %}, coalesce(cast({{ part }} as string), 'NULL'){% endfor -%}
    ) as found,
    count(*) as occurrences
from {{ model }}
group by {{ key | join(', ') }}
having count(*) > 1{% for part in key %} or {{ part }} is null{% endfor %}
{% endif %}

{% for column in unique %}
{{ rule() }}
select
    '{{ column }} occurs twice' as problem,
    cast({{ column }} as string) as found,
    count(*) as occurrences
from {{ model }}
where {{ column }} is not null
group by {{ column }}
having count(*) > 1
{% endfor %}

{% for column in not_null %}
{{ rule() }}
select
    '{{ column }} is empty' as problem,
    'NULL' as found,
    count(*) as occurrences
from {{ model }}
where {{ column }} is null
having count(*) > 0
{% endfor %}

{% for column, values in accepted_values.items() %}
{{ rule() }}
select
    '{{ column }} is none of its values' as problem,
    cast({{ column }} as string) as found,
    count(*) as occurrences
from {{ model }}
where cast({{ column }} as string) not in ('{{ values | join("', '") }}')
group by {{ column }}
{% endfor %}
{% endtest %}
