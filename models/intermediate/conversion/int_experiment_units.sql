with shown as (
    select
        shop_id,
        experiment_id,
        variant,
        visitor_id,
        account_id,
        email_hash,
        assigned_at
    from {{ ref('stg_flat__experiment_assignments') }}
    union all
    select
        shop_id,
        experiment_id,
        variant,
        visitor_id,
        cast(null as string) as account_id,
        cast(null as string) as email_hash,
        assigned_at
    from {{ ref('stg_ga4__experiment_assignments') }}
),

assignments as (
    select
        assignments.shop_id,
        assignments.experiment_id,
        assignments.variant,
        assignments.assigned_at,
        assignments.visitor_id,
        case when assignments.visitor_id is null then assignments.account_id end
            as account_id,
        case
            when assignments.visitor_id is null
                then coalesce(account_keys.customer_id, email_keys.customer_id)
        end as customer_id,
        case
            when assignments.visitor_id is not null then 'visitor'
            when assignments.account_id is not null then 'customer'
            else 'email'
        end as unit_kind,
        coalesce(
            assignments.visitor_id,
            account_keys.customer_id,
            email_keys.customer_id,
            assignments.account_id,
            assignments.email_hash
        ) as unit_key
    from shown as assignments
    left join {{ ref('int_customer_keys') }} as account_keys
        on
            assignments.account_id = account_keys.key_value
            and account_keys.key_kind = 'account'
    left join {{ ref('int_customer_keys') }} as email_keys
        on
            assignments.email_hash = email_keys.key_value
            and email_keys.key_kind = 'email'
),

-- The first variant seen is the one that counts from then on.
ranked as (
    select
        *,
        row_number() over (
            partition by experiment_id, unit_key
            order by assigned_at asc nulls last, variant asc nulls last
        ) as preference
    from assignments
),

seen as (
    select
        experiment_id,
        unit_key,
        count(distinct variant) as variants
    from assignments
    group by experiment_id, unit_key
)

select
    ranked.experiment_id,
    ranked.unit_key,
    ranked.unit_kind,
    ranked.shop_id,
    ranked.visitor_id,
    ranked.account_id,
    ranked.customer_id,
    ranked.variant,
    ranked.assigned_at,
    cast(seen.variants as bigint) as variants
from ranked
inner join seen
    on
        ranked.experiment_id = seen.experiment_id
        and ranked.unit_key = seen.unit_key
where ranked.preference = 1
