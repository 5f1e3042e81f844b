with named as (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ hash_name('person') }} as person_hash,
        case
            when lower(trim(team)) in ('picking', 'pickers', 'picker', 'packing')
                then 'picking'
            when
                lower(trim(team)) in (
                    'support', 'agents', 'agent', 'service', 'customer service',
                    'helpdesk', 'call centre', 'call center'
                )
                then 'support'
            else replace(lower(trim(team)), ' ', '_')
        end as team_name
    from {{ source('flat', 'staff_hours') }}
),

shifts as (
    select
        *,
        {{ newest_file(['shop', 'person_hash', 'team_name', 'work_date']) }} as version,
        {{ occurrence(['shop', 'person_hash', 'team_name', 'work_date']) }} as shift
    from named
)

select
    'flat' as source_system,
    {{ hash_key(['shop', 'person_hash', 'team_name', 'work_date', 'shift']) }}
        as shift_id,
    shop as shop_id,
    person_hash as staff_key,
    team_name as team,
    cast(work_date as date) as work_date,
    cast(hours as decimal(18, 4)) as hours,
    cast(output as decimal(18, 4)) as output,
    cast(target_output as decimal(18, 4)) as target_output
from shifts
where version = 1
