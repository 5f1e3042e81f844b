{#- A text as an SQL literal, on one line. -#}
{% macro text_literal(text) -%}
    '{{ (text or "").split() | join(" ") | replace("'", "''") }}'
{%- endmacro %}

{#- The KPIs of the project: the models whose meta names a theme, with that meta. Known
    only when SQL is written for a run; an empty list while the project is parsed. -#}
{% macro kpi_nodes() -%}
    {%- set kpis = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() -%}
            {%- if node.resource_type == 'model' and node.name.startswith('kpi_')
                and 'theme' in node.config.meta -%}
                {%- do kpis.append(node) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(kpis | sort(attribute='name')) }}
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
