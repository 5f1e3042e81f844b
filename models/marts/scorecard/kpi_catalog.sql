{{ config(materialized='table', contract={'enforced': true}) }}
{%- set languages = ['en', 'es', 'fr', 'ru', 'zh'] -%}
{%- set kpis = kpi_nodes() -%}

{% for kpi in kpis %}
{%- set meta = kpi.config.meta -%}
{%- set is_share = meta.kind == 'ratio' and meta.unit == 'percent' -%}
select
    {{ text_literal(kpi.name[4:]) }} as kpi_id,
    {{ text_literal(meta.label) }} as label,
    {{ text_literal(meta.theme) }} as theme,
    cast({{ loop.index }} as bigint) as kpi_order,
    {{ text_literal(meta.formula) }} as formula,
    {{ text_literal(meta.unit) }} as unit,
    {{ text_literal(meta.better | string) }} as better,
    {{ text_literal(meta.kind) }} as kind,
    {{ 'true' if meta.additive else 'false' }} as is_additive,
    {{ text_literal((meta.overlapping_dimensions or []) | join(', ')) }}
        as overlapping_dimensions,
    {{ 'true' if meta.get('bounded', is_share) else 'false' }} as is_bounded,
    {{ 'true' if meta.get('proportion', false) else 'false' }} as is_proportion,
    cast({{ meta.get('matures_after_days') or 'null' }} as bigint)
        as matures_after_days,
    {{ text_literal(meta.owner) }} as owner,
    {{ text_literal((meta.sources or []) | join(', ')) }} as sources,
    {% for language in languages -%}
    {{ text_literal((meta.aliases or {}).get(language, []) | join(' · ')) }}
        as aliases_{{ language }},
    {% endfor -%}
    {{ text_literal(kpi.description) }} as description
{% if not loop.last %}union all{% endif %}
{% endfor %}
{% if not kpis %}
select
    cast(null as string) as kpi_id,
    cast(null as string) as label,
    cast(null as string) as theme,
    cast(null as bigint) as kpi_order,
    cast(null as string) as formula,
    cast(null as string) as unit,
    cast(null as string) as better,
    cast(null as string) as kind,
    cast(null as boolean) as is_additive,
    cast(null as string) as overlapping_dimensions,
    cast(null as boolean) as is_bounded,
    cast(null as boolean) as is_proportion,
    cast(null as bigint) as matures_after_days,
    cast(null as string) as owner,
    cast(null as string) as sources,
    {% for language in languages -%}
    cast(null as string) as aliases_{{ language }},
    {% endfor -%}
    cast(null as string) as description
where 1 = 0
{% endif %}
