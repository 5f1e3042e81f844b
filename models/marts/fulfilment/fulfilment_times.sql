{% for step_number, step, unit, length in [
    (1, 'processing', 'hours', 'processing_hours'),
    (2, 'waiting', 'hours', 'waiting_hours'),
    (3, 'picking', 'minutes', 'picking_minutes'),
    (4, 'handover', 'hours', 'handover_hours'),
    (5, 'delivery', 'days', 'delivery_days'),
    (6, 'whole', 'days', 'fulfilment_days'),
] %}
    select
        grain,
        period_start,
        dimension,
        member,
        cast({{ step_number }} as bigint) as step_number,
        '{{ step }}' as step,
        '{{ unit }}' as unit,
        {{ length }}_known as measured,
        {{ length }}_p50 as p50,
        {{ length }}_p90 as p90
    from {{ ref('rollup_parcels') }}
    where {{ length }}_known > 0
    {% if not loop.last %}union all{% endif %}
{% endfor %}
