select
    source as source_system,
    file,
    table_name,
    cast(line as bigint) as line,
    kind,
    column_name,
    expected,
    found,
    raw_row,
    cast(loaded_at as timestamp) as loaded_at
from {{ source('loader', 'rejects') }}
