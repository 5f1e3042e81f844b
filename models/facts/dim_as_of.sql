select
    as_of,
    as_of_date,
    first_date
from {{ ref('int_as_of') }}
