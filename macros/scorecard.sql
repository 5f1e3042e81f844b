{#- A text as an SQL literal, on one line. -#}
{% macro text_literal(text) -%}
    '{{ (text or "").split() | join(" ") | replace("'", "''") }}'
{%- endmacro %}

{#- The KPI views in the order in which kpi_values lists them, with their meta. Known only
    when SQL is written for a run; an empty list while the project is parsed. -#}
{% macro kpi_nodes() -%}
    {%- set kpis = [] -%}
    {%- if execute -%}
        {%- set listed = graph.nodes.values()
            | selectattr('resource_type', 'equalto', 'model')
            | selectattr('name', 'equalto', 'kpi_values')
            | map(attribute='depends_on') | first -%}
        {%- for node_id in listed.nodes if 'theme' in graph.nodes[node_id].config.meta -%}
            {%- do kpis.append(graph.nodes[node_id]) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(kpis) }}
{%- endmacro %}

{#- A bound of the Wilson score interval (95 %) of a share: sign is '-' or '+'. -#}
{% macro wilson(sign, successes, trials) -%}
    (
        ({{ successes }} + 1.920729410347062)
        {{ sign }} 1.959963984540054 * sqrt(
            {{ successes }} * ({{ trials }} - {{ successes }}) / nullif({{ trials }}, 0)
            + 0.960364705173531
        )
    ) / nullif({{ trials }} + 3.841458820694124, 0)
{%- endmacro %}

{#- The mean of an expression over the earlier points of a series, without the point
    itself: what is judged is never part of what it is judged by. -#}
{% macro earlier_mean(expression, points, series='series_number') -%}
    avg({{ expression }}) over (
        partition by {{ series }}
        order by period_start nulls last
        rows between {{ points }} preceding and 1 preceding
    )
{%- endmacro %}

{#- A KPI's value as people read it, without a currency. -#}
{% macro kpi_text(value, unit) -%}
    case
        when {{ unit }} = 'percent'
            then cast(
                cast(round({{ value }} * 100 * 10) / 10 as decimal(18, 1)) as string
            ) || ' %'
        when {{ unit }} = 'count'
            then cast(cast(round({{ value }}) as decimal(18, 0)) as string)
        else cast(cast(round({{ value }} * 100) / 100 as decimal(18, 2)) as string)
            || case
                when {{ unit }} in ('money', 'number', 'ratio', 'position') then ''
                else ' ' || {{ unit }}
            end
    end
{%- endmacro %}
