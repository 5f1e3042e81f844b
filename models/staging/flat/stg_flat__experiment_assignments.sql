select
    'flat' as source_system,
    shop as shop_id,
    {{ hash_key([
        'shop', 'experiment_id', 'variant', 'visitor_id', 'customer_id', 'email',
        'assigned_at',
    ]) }} as assignment_id,
    trim(experiment_id) as experiment_id,
    lower(trim(variant)) as variant,
    shop || ':' || visitor_id as visitor_id,
    shop || ':' || customer_id as account_id,
    {{ hash_email('email') }} as email_hash,
    cast(assigned_at as timestamp) as assigned_at
from (
    select
        *,
        {{ flat_shop() }} as shop,
        {{ newest_row([
            flat_shop(), 'experiment_id', 'variant', 'visitor_id', 'customer_id',
            'email', 'assigned_at',
        ]) }} as version
    from {{ source('flat', 'experiment_assignments') }}
) as assignments
where version = 1 and coalesce(visitor_id, customer_id, email) is not null
