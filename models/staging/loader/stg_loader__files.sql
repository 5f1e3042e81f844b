select
    source as source_system,
    file,
    shop_id,
    content_hash,
    cast(size as bigint) as bytes,
    status,
    message,
    tables,
    cast(rows_landed as bigint) as rows_landed,
    cast(rows_loaded as bigint) as rows_loaded,
    cast(rows_rejected as bigint) as rows_rejected,
    cast(rows_summary as bigint) as rows_summary,
    cast(loaded_at as timestamp) as loaded_at
from {{ source('loader', 'files') }}
